/*
 * fault: what is wrong with a form, a request or a decision.
 *
 * A fault is data: it has a stable code, and where known a line, a field
 * and a sentence of its own.  The table in fault.c holds code, name, the
 * general sentence and the remedy.  Codes below 2000 are shared with
 * digiRunner, where the meaning is the same.
 */
#ifndef DOCKET_FAULT_H
#define DOCKET_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum fault_code {
	FAULT_NONE		= 0,
	FAULT_NO_CLIENT		= 1122,
	FAULT_NO_API		= 1127,
	FAULT_CHANGED		= 1191,
	FAULT_NOT_NOW		= 1218,
	FAULT_NOT_PERMITTED	= 1219,
	FAULT_PAST		= 1227,
	FAULT_NO_PARAMETER	= 1290,
	FAULT_NOTHING_FOUND	= 1298,
	FAULT_NOT_WELL_FORMED	= 2001,
	FAULT_INVALID		= 2002,
	FAULT_DOCTYPE		= 2003,
	FAULT_TOO_LARGE		= 2004,
	FAULT_TOO_DEEP		= 2005,
	FAULT_UNKNOWN_FORM	= 2006,
	FAULT_ENCODING		= 2007,
	FAULT_DUPLICATE		= 2008,
	FAULT_NOT_A_FILE	= 2009,
	FAULT_RULE		= 2010,
	FAULT_REQUEST_OPEN	= 2011,
	FAULT_SIGNATURE		= 2012,
	FAULT_NO_CASE		= 2013,
	FAULT_ATTRIBUTES	= 2014,
	FAULT_VALUE		= 2015,
	FAULT_FILE_NAME		= 2016,
	FAULT_UNREADABLE	= 2017,
	FAULT_GZIP		= 2018,
	FAULT_BOMB		= 2019,
	FAULT_COSTLY		= 2020,
	FAULT_STAMP		= 2021,
	FAULT_EMPTY		= 2022,
	FAULT_NO_NOTE		= 2023,
	FAULT_ALTERED		= 2024,
	FAULT_LINKED		= 2025,
	FAULT_TWICE		= 2026,
};

struct fault_kind {
	enum fault_code	 code;
	const char	*name;		/* for programs: "not-well-formed" */
	const char	*sentence;	/* for people, without a full stop */
	const char	*remedy;	/* what would do; a whole sentence */
};

/* NULL for a code that is not ours. */
const struct fault_kind *fault_kind(unsigned code);
/* All of them: i = 0, 1, …; NULL at the end. */
const struct fault_kind *fault_kind_at(size_t i);

struct fault {
	unsigned code;
	long	 line;		/* of the form as submitted; 0: none */
	char	*field;		/* as a person calls it; NULL: none */
	char	*text;		/* a whole sentence; NULL: the kind's */
	char	*remedy;	/* NULL: the kind's */
	char	*raw;		/* the parser's own words; NULL: none */
};

struct faults {
	struct fault *list;
	size_t	n;
	size_t	more;		/* that were left out: LIMIT_FAULTS */
};

#define FAULTS_INIT { NULL, 0, 0 }

/* Adds one; strings are copied; any may be NULL.  Returns it for changes,
 * or NULL when there are enough already. */
struct fault *faults_add(struct faults *, unsigned code, long line,
	    const char *field, const char *text);
struct fault *faults_addf(struct faults *, unsigned code, long line,
	    const char *field, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
void	faults_copy(struct faults *to, const struct faults *from);
void	faults_free(struct faults *);
bool	faults_has(const struct faults *, unsigned code);

/* "2002 - line 9, Quota: 0 is not allowed." on one line. */
void	fault_line(const struct fault *, struct buf *);

/* The same, with the remedy and the parser's words below, indented, each
 * line ending in LF. */
void	fault_block(const struct fault *, struct buf *);
void	faults_block(const struct faults *, struct buf *);

/* The remedy that applies, or NULL. */
const char *fault_remedy(const struct fault *);
const char *fault_text(const struct fault *);

#endif
