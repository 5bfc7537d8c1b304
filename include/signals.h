/*
 * signals: SIGTERM and SIGINT, which end a program, and SIGHUP.
 *
 * After signals_open() they interrupt nothing: they wait, until
 * signals_take() takes them from the descriptor.  Long work that goes without
 * looking there asks signals_say_end() between its parts; where signals were
 * not opened the answer is no, for then the first one ends the program.
 */
#ifndef DOCKET_SIGNALS_H
#define DOCKET_SIGNALS_H

#include <stdbool.h>

/* Blocks them.  A descriptor (signalfd(2)) that is readable when one waits; -1
 * and errno. */
int	signals_open(void);

/* The signal that waits; 0: none. */
int	signals_take(int fd);

/* Whether it is one that ends. */
bool	signals_end(int signal);
/* Whether one that ends waits to be taken. */
bool	signals_say_end(void);

#endif
