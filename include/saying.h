/*
 * saying: what the two halves of sentence share: parserwords.c has the words
 * for what the parser says, sentence.c those for what the validator says.
 * Nobody else includes it.
 */
#ifndef DOCKET_SAYING_H
#define DOCKET_SAYING_H

#include <stdbool.h>
#include <stddef.h>

#include "sentence.h"

struct buf;

/* Of a value that is quoted, bytes. */
#define QUOTE_MAX 60

/* Foreign text, on one line, shortened; NULL is none. */
void	sentence_put(struct buf *, const char *, size_t limit);
/* True when the report says nothing about the form. */
bool	sentence_is_ours(struct reporter *, xml_error_ptr);
/* Adds the fault and frees the text, which may be empty; raw: the library's
 * own words. */
void	sentence_add(struct reporter *, unsigned code, long line,
	    const char *field, struct buf *text, const char *remedy,
	    const char *raw);

#endif
