/*
 * log: what the program says about itself, and how it ends.
 *
 * One line an event on standard error:
 *
 *	2026-11-22T10:00:00Z AK-000012 event=approve by=alice
 *
 * The subject comes first: a case's number, or the part that speaks.  Then
 * pairs of key and value.  Values are escaped as text_escape() does, so that
 * foreign text cannot forge a line or steer a terminal.  Never log what a
 * form says, never a secret.
 *
 * Four kinds of failure (see also the manual): a bad form is a fault and is
 * not logged as an error; the machine's trouble is returned, and ends the
 * round (fatal() only where nothing can be returned); an operator's mistake
 * is usage; ours is bug().
 */
#ifndef DOCKET_LOG_H
#define DOCKET_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below this level are dropped; LOG_INFO at first. */
void	log_least(enum log_level);

/* Pairs of const char * end with NULL; a pair whose value is NULL is left
 * out. */
void	log_event(enum log_level, const char *subject, ...)
	    __attribute__((sentinel));

/* A failed system call: log_event() with errno's text as `error'. */
void	log_errno(const char *subject, const char *what, const char *name);

/* The same, but not logged: kept, if it is the first, for the line that says
 * what came of it.  log_caused() is NULL where there is none. */
void	log_cause(const char *subject, const char *what, const char *name);
const char *log_caused(void);
void	log_cause_clear(void);

/* The machine is bad and nothing can be returned: exit with 4. */
void	fatal(const char *why) __attribute__((noreturn));

/* We are wrong: abort, naming the place. */
#define bug(why) bug_at(__FILE__, __LINE__, (why))
void	bug_at(const char *file, int line, const char *why)
	    __attribute__((noreturn));

#endif
