/*
 * out: what a person sees: tables, colours, progress.
 *
 * Colours only on a terminal, and not with NO_COLOR.
 */
#ifndef DOCKET_OUT_H
#define DOCKET_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

struct buf;

enum style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_WAIT,
    STYLE_DIM };

/* Prints foreign text, made safe for a terminal, in a style. */
void	out_text(enum style, const char *);
enum style out_state_style(enum state);
/* Columns of the terminal on standard output; 0: it is none. */
unsigned out_width(void);

/* A table: columns as wide as they need, the last one cut to the terminal. */
struct table;

struct table *table_new(const char *const heads[], size_t columns);
void	table_free(struct table *);
/* Copies the next cell; rows fill up from left to right. */
void	table_cell(struct table *, enum style, const char *);
void	table_print(const struct table *);

/* One cell of CSV (RFC 4180); the last of a row ends the line. */
void	csv_cell(struct buf *, const char *, bool last);

/* Writes all of it to standard output and empties it. */
void	out_flush(struct buf *);

/* A bar on standard error, if that is a terminal, at most ten times a
 * second; all 0: unknown. */
void	out_progress(const char *what, uint64_t done, uint64_t all);
void	out_progress_end(void);

#endif
