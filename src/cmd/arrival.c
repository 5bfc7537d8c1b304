/*
 * arrival: what becomes of a form that a command has dropped into inbox.
 *
 * May not: take anything back.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

#include "fault.h"
#include "ruling.h"

#include "arrival.h"

struct arrival {
	struct ledger	*ledger;
	struct ruling	 ruling;
	bool		 found;
};

static int
take_arrival(void *arg, const char *commit)
{
	struct arrival *x = arg;

	if (ledger_ruling(x->ledger, commit, &x->ruling) != 0)
		return -1;
	x->found = true;
	return 1;
}

static int
say_arrival(const struct ruling *r)
{
	struct buf text = BUF_INIT;
	int status = EXIT_DONE;

	if (r->event == EVENT_REFUSE) {
		faults_block(&r->faults, &text);
		fprintf(stderr, "%s", buf_str(&text));
		status = EXIT_NO;
	} else {
		ruling_subject_line(r, &text);
		printf("%s\n", buf_str(&text));
		if (isatty(STDOUT_FILENO))
			printf("The answer will be in outbox%s%s; docket show "
			    "%s says how it stands.\n", *r->box == '\0' ?
			    "" : "/", r->box, r->number);
	}
	buf_free(&text);
	return status;
}

/* The same form is there already: that is no commit, but a notice. */
static bool
is_known(const struct reading *r, const char *notice)
{
	struct stat st;

	return fstatat(r->desk.outbox, notice, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
arrival_wait(struct reading *r, const char *file, int64_t ms)
{
	int64_t until = clock_ticks() + ms;
	struct arrival x = { .ledger = r->ledger };
	struct buf notice = BUF_INIT;
	bool known = false;
	int status = EXIT_DONE;

	buf_putf(&notice, "%s.duplicate.txt", file);
	ruling_init(&x.ruling);
	for (;;) {
		index_commits_of_file(r->index, "", file, 1, take_arrival,
		    &x);
		known = is_known(r, buf_str(&notice));
		if (x.found || known || clock_ticks() >= until ||
		    !desk_is_run(&r->desk))
			break;
		poll(NULL, 0, 50);
	}
	if (x.found)
		status = say_arrival(&x.ruling);
	else if (known)
		printf("It is here already: nothing new was opened "
		    "(outbox/%s).\n", buf_str(&notice));
	else {
		cmd_say("dropped as inbox/%s; the answer will be in outbox",
		    file);
		status = desk_is_run(&r->desk) ? EXIT_DONE : EXIT_TROUBLE;
	}
	ruling_free(&x.ruling);
	buf_free(&notice);
	return status;
}
