/*
 * buf: a byte buffer that grows.
 *
 * May not: read anything, know any format.
 * Fatal: memory that cannot be had.
 * Our bug: a length that overflows.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"

static void *
must(void *p)
{
	if (p == NULL)
		fatal("out of memory");
	return p;
}

void *
mem_alloc(size_t n)
{
	return must(calloc(1, n ? n : 1));
}

void *
mem_grow(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		bug("size overflow");
	return must(realloc(p, n == 0 ? 1 : n * size));
}

char *
mem_strn(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	memcpy(p, s, n);
	return p;
}

char *
mem_str(const char *s)
{
	return s == NULL ? NULL : mem_strn(s, strlen(s));
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

void
buf_clear(struct buf *b)
{
	buf_cut(b, 0);
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len > b->len)
		bug("buffer cut beyond its end");
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		bug("more dropped than a buffer has");
	if (n > 0)
		memmove(b->data, b->data + n, b->len - n);
	buf_cut(b, b->len - n);
}

void
buf_reserve(struct buf *b, size_t more)
{
	/* what is put there first is often all */
	size_t cap = b->cap > 0 ? b->cap : more < 64 ? 64 : more + 1;

	if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		bug("size overflow");
	if (b->len + more < b->cap)
		return;
	while (cap <= b->len + more)
		cap += cap / 2 + 1;
	b->data = mem_grow(b->data, cap, 1);
	b->cap = cap;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	if (b->len + 1 >= b->cap)
		buf_reserve(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void
buf_vputf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	buf_reserve(b, 64);	/* what most need */
	room = b->cap - b->len;
	va_copy(again, ap);
	n = vsnprintf(b->data + b->len, room, fmt, again);
	va_end(again);
	if (n < 0)
		bug("bad format");
	if ((size_t)n >= room) {
		buf_reserve(b, (size_t)n + 1);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	}
	b->len += (size_t)n;
}

void
buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(b, fmt, ap);
	va_end(ap);
}

const char *
buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

char *
buf_take(struct buf *b)
{
	char *s = b->data == NULL ? mem_str("") : b->data;

	*b = (struct buf)BUF_INIT;
	return s;
}
