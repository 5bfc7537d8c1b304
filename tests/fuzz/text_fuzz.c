/*
 * text_fuzz: foreign bytes made fit to be shown are fit to be shown, stay
 * within their limit, and cleaned again stay the same.
 */
#include "fuzz.h"

#include "ruling.h"

typedef void clean_fn(struct buf *, const char *, size_t, size_t);

static void
check_cleaned(clean_fn *clean, const char *p, size_t n, size_t limit,
    bool lines)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	const char *at, *end;

	clean(&once, p, n, limit);
	must(once.len <= limit);
	for (at = buf_str(&once); *at != '\0'; at = end + (*end != '\0')) {
		end = lines ? at + strcspn(at, "\n") : at + strlen(at);
		must(text_plain(at, (size_t)(end - at)));
	}
	must(strlen(buf_str(&once)) == once.len);
	clean(&twice, buf_str(&once), once.len, limit);
	must(same_bytes(&once, &twice));
	buf_free(&once);
	buf_free(&twice);
}

static void
check_note(const char *text)
{
	char *once = note_clean(text), *twice;

	if (once == NULL)
		return;
	twice = note_clean(once);
	must(twice != NULL && strcmp(once, twice) == 0);
	must(strncmp(once, "---", 3) != 0 && strstr(once, "\n---") == NULL);
	must(once[0] != '\n' && once[strlen(once) - 1] == '\n');
	free(once);
	free(twice);
}

static void
check_escaped(const char *p, size_t n)
{
	struct buf b = BUF_INIT;

	text_escape(&b, p, n, "\"=");
	must(text_plain(buf_str(&b), b.len));
	must(b.len >= n);
	if (text_plain(p, n) && memchr(p, '\\', n) == NULL &&
	    memchr(p, '"', n) == NULL && memchr(p, '=', n) == NULL)
		must(b.len == n && memcmp(buf_str(&b), p, n) == 0);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	size_t limit = n == 0 ? 0 : p[0] + 3;
	char *text = as_string(p, n);

	must(!text_plain(s, n) || utf8_valid(s, n));
	check_cleaned(text_line, s, n, limit, false);
	check_cleaned(text_block, s, n, limit, true);
	check_escaped(s, n);
	check_note(text);
	must(text_width(text) <= 2 * strlen(text));
	free(text);
	return 0;
}
