/*
 * tick: the clock of the bench's tools, and how they give up.
 */
#ifndef BENCH_TICK_H
#define BENCH_TICK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Milliseconds that never step back. */
static inline double
tick(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void
give_up(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

#endif
