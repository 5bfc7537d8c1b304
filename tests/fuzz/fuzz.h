/*
 * fuzz: what the fuzz targets share.
 *
 * A target is given bytes and calls a parser with them; must() says what
 * holds whatever they are.  It returns 0.  The fuzzer's own runtime calls it,
 * or driver.c, with the bytes of a file.
 */
#ifndef DOCKET_FUZZ_H
#define DOCKET_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define must(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
			    __LINE__, #what);				\
			abort();					\
		}							\
	} while (0)

static inline bool
same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* May be shown as one line. */
static inline bool
is_plain(const char *s)
{
	return s == NULL || text_plain(s, strlen(s));
}

/* The bytes as a string, up to the first NUL; the caller's to free. */
static inline char *
as_string(const uint8_t *p, size_t n)
{
	return mem_strn((const char *)p, strnlen((const char *)p, n));
}

#endif
