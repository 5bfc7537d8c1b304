/*
 * conf: files in the syntax of git-config(1).
 *
 * May not: know any key.
 * A fault of the file: everything; it is reported with its line.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "conf.h"
#include "text.h"

struct parser {
	const char	*p, *end;
	unsigned	 line;
	char		*section, *sub;
	struct conf	*conf;
	struct conf_error *error;
};

int
conf_fail(struct conf_error *e, unsigned line, const char *fmt, ...)
{
	struct buf said = BUF_INIT, clean = BUF_INIT;
	va_list ap;

	e->line = line;
	va_start(ap, fmt);
	buf_vputf(&said, fmt, ap);
	va_end(ap);
	text_line(&clean, buf_str(&said), said.len, sizeof(e->text) - 1);
	strcpy(e->text, buf_str(&clean));
	buf_free(&said);
	buf_free(&clean);
	return -1;
}

static bool
at_end(const struct parser *s)
{
	return s->p == s->end;
}

static void
skip_blanks(struct parser *s)
{
	while (!at_end(s) && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static void
skip_line(struct parser *s)
{
	while (!at_end(s) && *s->p != '\n')
		s->p++;
}

/* Letters, digits, '-' and, in sections, '.'; in lower case. */
static char *
parse_word(struct parser *s, const char *also)
{
	struct buf b = BUF_INIT;

	while (!at_end(s) && (isalnum((unsigned char)*s->p) ||
	    (*s->p != '\0' && strchr(also, *s->p) != NULL)))
		buf_putc(&b, (char)tolower((unsigned char)*s->p++));
	return buf_take(&b);
}

static int
parse_sub(struct parser *s)
{
	struct buf b = BUF_INIT;

	for (s->p++; !at_end(s) && *s->p != '"' && *s->p != '\n'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end && s->p[1] != '\n')
			s->p++;
		if (*s->p == '\0')
			break;
		buf_putc(&b, *s->p);
	}
	if (at_end(s) || *s->p != '"') {
		buf_free(&b);
		return conf_fail(s->error, s->line,
		    "the name after the section lacks its closing quote");
	}
	s->p++;
	s->sub = buf_take(&b);
	return 0;
}

static int
parse_section(struct parser *s)
{
	free(s->section);
	free(s->sub);
	s->sub = NULL;
	s->p++;
	s->section = parse_word(s, "-.");
	if (*s->section == '\0')
		return conf_fail(s->error, s->line,
		    "a section needs a name: [name] or [name \"which\"]");
	skip_blanks(s);
	if (!at_end(s) && *s->p == '"' && parse_sub(s) != 0)
		return -1;
	skip_blanks(s);
	if (at_end(s) || *s->p != ']')
		return conf_fail(s->error, s->line,
		    "the section lacks its closing bracket");
	s->p++;
	return 0;
}

/* One escape, its backslash already seen. */
static int
parse_escape(struct parser *s, struct buf *value)
{
	static const char from[] = "\"\\nt", to[] = "\"\\\n\t";
	const char *at;

	if (!at_end(s) && *s->p == '\r')
		s->p++;
	if (at_end(s))
		return 0;
	if (*s->p == '\n') {
		s->line++;
		s->p++;
		return 0;
	}
	at = *s->p == '\0' ? NULL : strchr(from, *s->p);
	if (at == NULL)
		return conf_fail(s->error, s->line,
		    "a backslash goes before \", \\, n, t or the line's end");
	buf_putc(value, to[at - from]);
	s->p++;
	return 0;
}

/* The value up to the line's end; blanks outside quotes are trimmed. */
static int
parse_value(struct parser *s, struct buf *value)
{
	bool quoted = false;
	size_t keep = 0;	/* what trimming may not take */
	char c;

	skip_blanks(s);
	while (!at_end(s) && *s->p != '\n') {
		c = *s->p++;
		if (c == '\\') {
			if (parse_escape(s, value) != 0)
				return -1;
			keep = value->len;
		} else if (c == '"') {
			quoted = !quoted;
			keep = value->len;
		} else if (!quoted && (c == '#' || c == ';')) {
			skip_line(s);
			break;
		} else if (c == '\0') {
			return conf_fail(s->error, s->line, "a NUL byte");
		} else {
			buf_putc(value, c);
			if (quoted || !isspace((unsigned char)c))
				keep = value->len;
		}
	}
	if (quoted)
		return conf_fail(s->error, s->line,
		    "the value lacks its closing quote");
	buf_cut(value, keep);
	if (!utf8_valid(buf_str(value), value->len))
		return conf_fail(s->error, s->line, "the value is not UTF-8");
	return 0;
}

static int
parse_item(struct parser *s)
{
	struct buf value = BUF_INIT;
	struct conf_item *item;
	unsigned line = s->line;
	char *key = parse_word(s, "-");

	if (*key == '\0' || s->section == NULL) {
		free(key);
		return conf_fail(s->error, line, s->section == NULL ?
		    "a key stands before the first [section]" :
		    "a key, a [section] or a comment was expected");
	}
	skip_blanks(s);
	if (at_end(s) || *s->p == '\n' || *s->p == '#' || *s->p == ';') {
		buf_puts(&value, "true");
		skip_line(s);
	} else if (*s->p++ != '=') {
		free(key);
		return conf_fail(s->error, line, "an equals sign was expected");
	} else if (parse_value(s, &value) != 0) {
		free(key);
		buf_free(&value);
		return -1;
	}
	s->conf->items = mem_grow(s->conf->items, s->conf->n + 1,
	    sizeof(*s->conf->items));
	item = &s->conf->items[s->conf->n++];
	item->section = mem_str(s->section);
	item->sub = mem_str(s->sub);
	item->key = key;
	item->value = buf_take(&value);
	item->line = line;
	return 0;
}

static int
parse(struct parser *s)
{
	while (!at_end(s)) {
		skip_blanks(s);
		if (at_end(s))
			break;
		if (*s->p == '\n') {
			s->line++;
			s->p++;
		} else if (*s->p == '#' || *s->p == ';')
			skip_line(s);
		else if (*s->p == '[') {
			if (parse_section(s) != 0)
				return -1;
		} else if (parse_item(s) != 0)
			return -1;
	}
	return 0;
}

int
conf_parse(struct conf *conf, const char *p, size_t n,
    struct conf_error *error)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct parser s = { p, p + n, 1, NULL, NULL, conf, error };
	int status;

	*conf = (struct conf)CONF_INIT;
	if (n >= 3 && memcmp(p, bom, 3) == 0)
		s.p += 3;
	status = parse(&s);
	free(s.section);
	free(s.sub);
	if (status != 0)
		conf_free(conf);
	return status;
}

void
conf_free(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n; i++) {
		free(conf->items[i].section);
		free(conf->items[i].sub);
		free(conf->items[i].key);
		free(conf->items[i].value);
	}
	free(conf->items);
	*conf = (struct conf)CONF_INIT;
}

int
conf_bool(const char *s, bool *value)
{
	static const char *const word[] = {
		"false", "true", "no", "yes", "off", "on", "0", "1",
	};
	size_t i;

	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (strcasecmp(s, word[i]) == 0) {
			*value = i % 2 == 1;
			return 0;
		}
	return -1;
}

int
conf_size(const char *s, uint64_t *value)
{
	static const char suffix[] = "kmg";
	char digits[20];
	size_t n = strspn(s, "0123456789");
	const char *at;
	unsigned shift = 0;

	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (s[n] != '\0') {
		at = strchr(suffix, tolower((unsigned char)s[n]));
		if (at == NULL || s[n + 1] != '\0')
			return -1;
		shift = (unsigned)(at - suffix + 1) * 10;
	}
	if (!text_number(digits, UINT64_MAX >> shift, value))
		return -1;
	*value <<= shift;
	return 0;
}
