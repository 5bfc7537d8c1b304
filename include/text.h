/*
 * text: foreign bytes made fit to be shown.
 */
#ifndef DOCKET_TEXT_H
#define DOCKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * The length (1..4) of the well-formed UTF-8 sequence at p, and its code
 * point; 0 where the bytes are not one (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).
 */
size_t	utf8_next(const char *p, size_t n, uint32_t *code);

bool	utf8_valid(const char *, size_t);

/* Control characters (C0, C1, DEL), and those that reorder or hide what is
 * shown: bidirectional controls, zero-width marks, line separators. */
bool	text_unsafe(uint32_t code);

/* Valid UTF-8 without unsafe characters. */
bool	text_plain(const char *, size_t);

/* Whether a text ends so. */
bool	text_ends(const char *, const char *suffix);

/* Appends p for a log or a terminal: what is not UTF-8 as \xNN, what is
 * unsafe, a backslash or one of `also' as an escape. */
void	text_escape(struct buf *, const char *p, size_t n, const char *also);

/* Appends p as one line of at most `limit' bytes: runs of white space and
 * unsafe characters become one blank, what is not UTF-8 becomes U+FFFD; a
 * text that is cut ends in an ellipsis. */
void	text_line(struct buf *, const char *p, size_t n, size_t limit);

/* Appends p keeping its lines (LF), otherwise as text_line(). */
void	text_block(struct buf *, const char *p, size_t n, size_t limit);

/* Decimal digits only, at most `max'. */
bool	text_number(const char *, uint64_t max, uint64_t *);

/* How many terminal columns the text takes (locale's wcwidth). */
size_t	text_width(const char *);

#define NUM_TEXT 24
const char *num_text(char [NUM_TEXT], uint64_t);

#endif
