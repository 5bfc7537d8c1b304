/*
 * conf_fuzz: a docket.conf.  What was understood, written in one plain
 * spelling, is understood again as the same; settings that are taken keep
 * the bounds that the program relies on.
 */
#include "fuzz.h"

#include "limit.h"
#include "settings.h"

static void
put_quoted(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(out, '\\');
		if (*s == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, *s);
	}
	buf_putc(out, '"');
}

static void
write_conf(const struct conf *c, struct buf *out)
{
	const struct conf_item *i;

	for (i = c->items; i < c->items + c->n; i++) {
		buf_putf(out, "[%s ", i->section);
		if (i->sub != NULL)
			put_quoted(out, i->sub);
		buf_putf(out, "]\n%s = ", i->key);
		put_quoted(out, i->value);
		buf_putc(out, '\n');
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
check_conf(const struct conf *c, size_t lines)
{
	struct buf text = BUF_INIT;
	struct conf_error e;
	struct conf again;
	size_t i;

	write_conf(c, &text);
	must(conf_parse(&again, buf_str(&text), text.len, &e) == 0);
	must(again.n == c->n);
	for (i = 0; i < c->n; i++) {
		must(same_text(c->items[i].section, again.items[i].section));
		must(same_text(c->items[i].sub, again.items[i].sub));
		must(same_text(c->items[i].key, again.items[i].key));
		must(same_text(c->items[i].value, again.items[i].value));
		must(utf8_valid(c->items[i].value,
		    strlen(c->items[i].value)));
		must(c->items[i].line >= 1 && c->items[i].line <= lines);
	}
	conf_free(&again);
	buf_free(&text);
}

static void
check_settings(const struct settings *s)
{
	const struct review *r;
	size_t i;

	must(s->desk_id[0] != '\0' && is_plain(s->desk_id));
	must(is_plain(s->desk_name) && clock_zone_known(s->zone));
	must(s->settle >= 0 && s->grace >= 0 && s->poll > 0);
	must(s->form_limit > 0 && s->form_limit <= LIMIT_FORM);
	must(s->ratio > 0 && s->ratio <= LIMIT_RATIO);
	must(s->check.depth > 0 && s->check.depth <= LIMIT_DEPTH);
	must(s->check.cpu > 0 && s->check.cpu <= LIMIT_CHECK_CPU);
	must(s->check.reuse > 0 && s->check.reuse <= LIMIT_REUSE);
	must(s->workers <= LIMIT_WORKERS);
	for (r = s->reviews; r < s->reviews + s->n_reviews; r++) {
		must((r == s->reviews) == (r->prefix[0] == '\0'));
		must(r == s->reviews || prefix_valid(r->prefix));
		must(r->of[APPROVE].evidence != EVIDENCE_MOVE ||
		    !r->of[APPROVE].apart);
		must(settings_review(s, r->prefix) == r);
	}
	for (i = 0; i < s->n_reviewers; i++)
		must(s->reviewers[i].name[0] != '\0' &&
		    is_plain(s->reviewers[i].name));
	for (i = 0; i < s->n_boxes; i++)
		must(is_plain(settings_client(s, s->boxes[i].box)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct conf_error e;
	struct settings settings;
	struct conf conf;
	size_t lines = 1, i;

	for (i = 0; i < n; i++)
		lines += s[i] == '\n';
	if (conf_parse(&conf, s, n, &e) != 0) {
		must(e.line >= 1 && e.line <= lines && e.text[0] != '\0');
		must(is_plain(e.text));
		return 0;
	}
	check_conf(&conf, lines);
	conf_free(&conf);
	if (settings_parse(&settings, s, n, &e) != 0) {
		must(e.line <= lines && e.text[0] != '\0');
		must(is_plain(e.text));
		return 0;
	}
	check_settings(&settings);
	settings_free(&settings);
	return 0;
}
