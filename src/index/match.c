/*
 * match: what people look for, as questions to FTS5.
 *
 * May not: let a character of it be anything but a part of a word.
 */
#include <ctype.h>
#include <string.h>

#include "buf.h"

#include "indexing.h"

/* Terms that a word stands for, as the beginning of each; of more, FTS5 puts
 * together all it has of all of them. */
#define TERMS_MAX 128

/* The words, one after the other: false at the end. */
static bool
next_word(const char **at, size_t *n)
{
	*at += *n;
	*at += strspn(*at, " ");
	*n = strcspn(*at, " ");
	return *n > 0;
}

static void
put_quoted(struct buf *out, const char *word, size_t n)
{
	buf_putc(out, '"');
	for (; n > 0; n--, word++)
		if (*word != '"')
			buf_putc(out, *word);
	buf_putc(out, '"');
}

void
index_put_words(struct buf *out, const char *words)
{
	size_t n = 0;

	while (next_word(&words, &n)) {
		if (out->len > 0)
			buf_putc(out, ' ');
		put_quoted(out, words, n);
		buf_putc(out, '*');
	}
}

/* Whether it is one token of FTS5's: of others it knows the parts. */
static bool
is_plain(const char *word, size_t n)
{
	for (; n > 0; n--, word++)
		if (!isalnum((unsigned char)*word))
			return false;
	return true;
}

/* The terms that begin with it, in small letters as all are. */
static sqlite3_stmt *
ask_terms(struct index *x, const char *word, size_t n)
{
	sqlite3_stmt *st = index_statement(x, S_TERMS);
	struct buf from = BUF_INIT;

	if (st == NULL)
		return NULL;
	for (; n > 0; n--, word++)
		buf_putc(&from, (char)tolower((unsigned char)*word));
	index_bind_text(st, 1, buf_str(&from));
	buf_puts(&from, "\xf4\x8f\xbf\xbf");	/* the last character */
	index_bind_text(st, 2, buf_str(&from));
	sqlite3_bind_int(st, 3, TERMS_MAX + 1);
	buf_free(&from);
	return st;
}

static int
put_plain(struct index *x, struct buf *out, const char *word, size_t n)
{
	sqlite3_stmt *st = ask_terms(x, word, n);
	struct buf terms = BUF_INIT;
	const char *term;
	unsigned found = 0;
	int rc = SQLITE_DONE, status;

	if (st == NULL)
		return -1;
	while (found <= TERMS_MAX && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		term = (const char *)sqlite3_column_text(st, 0);
		buf_puts(&terms, found++ == 0 ? "(" : " OR ");
		put_quoted(&terms, term, strlen(term));
	}
	status = index_finish(x, st, rc);
	if (found > 0 && found <= TERMS_MAX) {
		buf_put(out, terms.data, terms.len);
		buf_putc(out, ')');
	} else {
		put_quoted(out, word, n);
		if (found > 0)
			buf_putc(out, '*');
	}
	buf_free(&terms);
	return status;
}

/* Whether FTS5 alone knows what of it is a letter. */
static bool
is_foreign(const char *words)
{
	for (; *words != '\0'; words++)
		if (!isascii((unsigned char)*words))
			return true;
	return false;
}

/* Of nothing but punctuation: FTS5 passes over such a word where no AND stands
 * beside it, and finds nothing where one does. */
static bool
is_empty(const char *word, size_t n)
{
	for (; n > 0; n--, word++)
		if (isalnum((unsigned char)*word))
			return false;
	return true;
}

int
index_put_terms(struct index *x, struct buf *out, const char *words)
{
	size_t n = 0;

	if (is_foreign(words)) {
		index_put_words(out, words);
		return 0;
	}
	while (next_word(&words, &n)) {
		if (is_empty(words, n))
			continue;
		if (out->len > 0)
			buf_puts(out, " AND ");
		if (!is_plain(words, n)) {
			put_quoted(out, words, n);
			buf_putc(out, '*');
		} else if (put_plain(x, out, words, n) != 0)
			return -1;
	}
	if (out->len == 0)
		buf_puts(out, "\"\"");	/* which is nowhere */
	return 0;
}
