/*
 * sandbox: what docket-check gives up before it reads anything.
 *
 *	sandbox_prepare()	builds the filters, while it still may
 *	sandbox_parent()	no file, no network, no program; may fork
 *	sandbox_child()		nothing but memory and the two descriptors
 *
 * Each is for good.  Landlock takes away every right on files; seccomp
 * leaves the system calls listed in sandbox.c, each with its reason.
 * A call that is not listed ends the process with SIGSYS; opening or looking
 * for files fails with EPERM, as libraries do that in passing.
 */
#ifndef DOCKET_SANDBOX_H
#define DOCKET_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0, or -1 where this kernel cannot confine us: then nothing is checked. */
int	sandbox_prepare(void);
int	sandbox_parent(void);
int	sandbox_child(uint64_t memory);	/* bytes beyond what it has */

/* Prints what confines us: "landlock 7" and its like, a line each. */
void	sandbox_print(void);

/* What is left, one system call after the other; NULL at the end.  The list
 * of docket-check(8) is made of it. */
struct sandbox_call {
	const char	*name;
	const char	*reason;
	bool		 parent, child;	/* whose it is */
	bool		 allowed;	/* else it fails, and no more */
};
const struct sandbox_call *sandbox_call_at(size_t);

/* Bytes of memory that this process has taken so far. */
uint64_t sandbox_heap(void);

/* Processor time for what comes next, in seconds; SIGPROF at its end. */
void	sandbox_timer(unsigned seconds);

#endif
