/*
 * conf: files in the syntax of git-config(1).
 *
 *	[review "AK"]		; section, and a subsection in quotes
 *		quorum = 1	# comments to the end of the line
 *
 * Sections and keys are case-insensitive and come out in lower case;
 * subsections are kept as they are.  A key without a value means "true".
 * Values may be quoted and know the escapes \" \\ \n \t; a backslash at the
 * end of a line continues it.
 */
#ifndef DOCKET_CONF_H
#define DOCKET_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_item {
	char	*section;
	char	*sub;		/* NULL: none */
	char	*key;
	char	*value;
	unsigned line;
};

struct conf {
	struct conf_item *items;
	size_t	n;
};

struct conf_error {
	unsigned line;
	char	 text[512];
};

#define CONF_INIT { NULL, 0 }

/* Takes untrusted bytes.  -1 with the first error; the conf is empty then. */
int	conf_parse(struct conf *, const char *, size_t, struct conf_error *);
void	conf_free(struct conf *);

/* Sets the error, as one line that may be shown whatever is quoted in it;
 * always -1. */
int	conf_fail(struct conf_error *, unsigned line, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* Values: true/yes/on/1 and false/no/off/0; sizes with k, m or g (powers of
 * 1024).  -1 when it is none. */
int	conf_bool(const char *, bool *);
int	conf_size(const char *, uint64_t *);

#endif
