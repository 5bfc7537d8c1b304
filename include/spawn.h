/*
 * spawn: other programs.
 *
 * A program gets an empty environment but PATH, LC_ALL=C.UTF-8, TZ and where
 * an SSH agent listens, the null device as input, and no descriptor of ours
 * but those named.  It is told to die with us.  Threads may start programs.
 */
#ifndef DOCKET_SPAWN_H
#define DOCKET_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

/* Starts argv[0] (looked for in PATH), its output to the null device, its
 * errors to ours.  The pid, or -1. */
pid_t	spawn_quiet(const char *const argv[]);

/* Starts argv[0] (a path) with `fd' as its standard input.  fd stays the
 * caller's.  The pid, or -1. */
pid_t	spawn_worker(const char *const argv[], int fd);

/* Calls fn(arg) in a copy of this process, to end with what it returns; it is
 * there for signals as any program is, and has no descriptor of ours but `in'
 * as its input, `out' as its output and our errors.  Not while there are other
 * threads: what they have locked would stay so.  The pid, or -1. */
pid_t	spawn_child(int (*fn)(void *), void *arg, int in, int out);

/* Runs argv[0] (looked for in PATH) to its end with `fd' as its standard input
 * (-1: the null device) and appends its output and its errors, at most `most'
 * bytes, to out.  -1, and errno: it cannot be started, or takes longer than
 * `ms' (ETIMEDOUT), or says more (EMSGSIZE): it is killed then.  Otherwise
 * *status is as from wait(2). */
int	spawn_capture(const char *const argv[], int fd, struct buf *out,
	    size_t most, int64_t ms, int *status);

/* Starts argv[0] (looked for in PATH) with `in' as its input (-1: the null
 * device); *out becomes where its output and its errors can be read, without
 * waiting, and is the caller's.  The pid, or -1. */
pid_t	spawn_piped(const char *const argv[], int in, int *out);

/* Has it ended?  1: yes, and *status is as from wait(2); 0: no; -1. */
int	spawn_ended(pid_t, int *status);

/* A descriptor that can be read when it has ended, the caller's; -1: not
 * here. */
int	spawn_handle(pid_t);

/* Waits for its end. */
int	spawn_wait(pid_t, int *status);

/* The path of a program of ours: beside this program, or in libexec. */
const char *spawn_sibling(const char *name, char *path, size_t size);

#endif
