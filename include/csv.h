/*
 * csv: tables as spreadsheets write them (RFC 4180).
 *
 * Cells are separated by commas, rows by line ends (CRLF or LF); a cell in
 * quotes may hold both, and "" for a quote.  A byte order mark before the
 * first row is passed over, and so are rows without anything in them.
 */
#ifndef DOCKET_CSV_H
#define DOCKET_CSV_H

#include <stddef.h>

#define CSV_CELLS 64

struct csv {
	const char	*at, *end;	/* what is left of it */
	long		 next;		/* the line at which that begins */
	/* the row read last */
	long		 line;		/* in which it begins */
	char		*cells[CSV_CELLS];
	size_t		 n;
	const char	*why;		/* of -1: what is wrong; lent */
};

/* Lent as long as it is read. */
void	csv_open(struct csv *, const char *, size_t);
/* The next row.  1: there is one; 0: there are no more; -1: it is none. */
int	csv_next(struct csv *);
void	csv_close(struct csv *);

#endif
