/*
 * buf: a byte buffer that grows, always followed by a NUL.
 *
 * An empty buffer owns nothing and needs no free; every other one is owned
 * by whoever declared it.  `data' may be NULL only while `len' is 0; use
 * buf_str() where a string is wanted.  Memory that cannot be had ends the
 * program: it is the machine's failure, and recovery begins with a restart.
 */
#ifndef DOCKET_BUF_H
#define DOCKET_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char	*data;
	size_t	 len;
	size_t	 cap;
};

#define BUF_INIT { NULL, 0, 0 }

void	 buf_free(struct buf *);
void	 buf_clear(struct buf *);		/* keeps the memory */
void	 buf_reserve(struct buf *, size_t more);
void	 buf_put(struct buf *, const void *, size_t);
void	 buf_puts(struct buf *, const char *);
void	 buf_putc(struct buf *, char);
void	 buf_putf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 buf_vputf(struct buf *, const char *, va_list)
	    __attribute__((format(printf, 2, 0)));
void	 buf_cut(struct buf *, size_t len);	/* shorten to len */
void	 buf_drop(struct buf *, size_t n);	/* the first n bytes go */

/* The contents as a string, "" when there are none; lent. */
const char *buf_str(const struct buf *);

/* Hands the string over and leaves the buffer empty; never NULL. */
char	*buf_take(struct buf *);

/* Allocation that ends the program rather than fail. */
void	*mem_alloc(size_t);			/* zeroed */
void	*mem_grow(void *, size_t n, size_t size);
char	*mem_str(const char *);			/* NULL stays NULL */
char	*mem_strn(const char *, size_t);

#endif
