/*
 * docket run: the daemon, or one round of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "notify.h"
#include "signals.h"

#include "cmd.h"
#include "flow.h"
#include "out.h"

/* After trouble everything is begun anew, the later the more often. */
#define PAUSE_FIRST_MS 500
#define PAUSE_LAST_MS 30000

struct running {
	struct desk	 desk;
	int		 signals;
	bool		 once;
	bool		 again;		/* after trouble */
	bool		 ending;	/* a signal has said so */
	bool		 opened;	/* the desk was usable */
	volatile bool	 quit;
	uint64_t	 waiting;	/* files seen in inbox, for the bar */
	struct flow_counts counts;
};

static int
open_desk(struct running *x, const char *path)
{
	struct buf why = BUF_INIT;
	pid_t pid;
	int status = EXIT_DESK;

	if (desk_open(&x->desk, path, true, &why) != 0)
		cmd_say("%s", buf_str(&why));
	else if (desk_lock(&x->desk, &pid) == 0)
		status = EXIT_DONE;
	else {
		if (pid > 0)
			cmd_say("%s is run by process %ld already", path,
			    (long)pid);
		else
			cmd_say("%s/.docket/lock: %s", path, strerror(errno));
		desk_close(&x->desk);
	}
	buf_free(&why);
	return status;
}

static void
count_folder(int dirfd, uint64_t *n, bool deeper)
{
	DIR *list = fs_list(dirfd);
	const char *name;
	struct stat st;
	int fd;

	while (list != NULL && (name = fs_list_next(list)) != NULL) {
		if (name[0] == '.' || fstatat(dirfd, name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (!S_ISDIR(st.st_mode))
			++*n;
		else if (deeper && (fd = fs_open_dir(dirfd, name)) >= 0) {
			count_folder(fd, n, false);
			close(fd);
		}
	}
	if (list != NULL)
		closedir(list);
}

static void
on_progress(void *arg, const struct flow_counts *c)
{
	struct running *x = arg;
	uint64_t done = c->received + c->refused;

	x->counts = *c;
	if (x->once && x->waiting > 20)
		out_progress("forms", done > x->waiting ? x->waiting : done,
		    x->waiting);
}

/* Waits for a signal or until the time is over.  True: to end. */
static bool
pause_for(struct running *x, int ms)
{
	struct pollfd p = { .fd = x->signals, .events = POLLIN };
	int64_t until = clock_ticks() + ms, left;

	while ((left = until - clock_ticks()) > 0) {
		notify_pulse();
		if (left > notify_interval())
			left = notify_interval();
		if (poll(&p, 1, (int)left) > 0)
			break;
	}
	return signals_end(signals_take(x->signals));
}

/* Runs until it is told to end, or is through.  EXIT_TROUBLE: to be begun
 * anew. */
static int
run_flow(struct running *x, struct flow *f)
{
	int status;

	while ((status = flow_run(f, x->signals, &x->quit)) == 0 &&
	    signals_take(x->signals) == SIGHUP)
		flow_reload(f);
	if (status == 0) {
		x->ending = true;
		notify_stopping();
		status = flow_finish(f);
	}
	if (status == 0)
		return EXIT_DONE;
	log_event(LOG_ERROR, "desk", "event", "trouble", "error",
	    flow_error(f), NULL);
	notify_stalled(flow_error(f));
	return EXIT_TROUBLE;
}

static int
open_and_run(struct running *x)
{
	struct buf why = BUF_INIT;
	bool trouble = true;
	struct flow *f = NULL;
	int status;

	/* the trouble may be that a folder is not the one that was opened */
	if (!x->again || desk_reopen(&x->desk, &why) == 0)
		f = flow_open(&x->desk, x->once, &why, &trouble);
	x->again = true;
	if (f == NULL && trouble && signals_say_end()) {
		buf_free(&why);
		return EXIT_DONE;
	}
	if (f == NULL) {
		notify_stalled(buf_str(&why));
		cmd_say("%s", buf_str(&why));
		buf_free(&why);
		return trouble || x->opened ? EXIT_TROUBLE : EXIT_DESK;
	}
	x->opened = true;
	buf_free(&why);
	flow_progress(f, on_progress, x);
	if (!x->once)
		log_event(LOG_INFO, "desk", "event", "ready", "path",
		    x->desk.path, NULL);
	notify_ready("running");
	status = run_flow(x, f);
	flow_close(f);
	out_progress_end();
	return status;
}

static void
say_counts(const struct flow_counts *c)
{
	printf("%llu received, %llu refused, %llu decided, %llu undone; %llu "
	    "commits\n", (unsigned long long)c->received,
	    (unsigned long long)c->refused, (unsigned long long)c->decided,
	    (unsigned long long)c->undone, (unsigned long long)c->commits);
}

/* What is left for the next time. */
static int
say_held(const struct flow_counts *c)
{
	if (c->put_off > 0)
		cmd_say("decisions wait until they can be judged: docket "
		    "status says which");
	if (c->held == 0)
		return c->put_off > 0 ? EXIT_TROUBLE : EXIT_DONE;
	cmd_say("%llu form%s could not be checked and %s kept: this desk "
	    "has trouble of its own", (unsigned long long)c->held, c->held == 1 ? "" : "s",
	    c->held == 1 ? "is" : "are");
	return EXIT_TROUBLE;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	struct running x = { .once = false };
	int option, status, pause = PAUSE_FIRST_MS;

	while ((option = cmd_option(&cmd_run, argc, argv, "q", options)) != -1)
		if (option == 'o')
			x.once = true;
		else
			log_least(LOG_WARN);
	if (argc - optind > 1)
		cmd_usage(&cmd_run, "one desk at a time");
	umask(022);
	status = open_desk(&x, optind < argc ? argv[optind] :
	    cmd_desk_path());
	if (status != EXIT_DONE)
		return status;
	notify_open();
	x.signals = signals_open();
	if (x.once) {
		log_least(LOG_WARN);
		count_folder(x.desk.inbox, &x.waiting, true);
	}
	if (clock_is_test())
		log_event(LOG_WARN, "desk", "event", "test-clock", NULL);
	while ((status = open_and_run(&x)) == EXIT_TROUBLE && !x.once &&
	    !x.ending && !pause_for(&x, pause))
		pause = pause * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : pause * 2;
	if (x.once && status == EXIT_DONE) {
		say_counts(&x.counts);
		status = say_held(&x.counts);
	} else if (status == EXIT_DONE)
		log_event(LOG_INFO, "desk", "event", "end", NULL);
	close(x.signals);
	desk_close(&x.desk);
	return status;
}

const struct command cmd_run = {
	"run", run, "[--once] [--quiet] [DIR]",
	"Run a desk",
	"      --once   take in everything that is there, decisions too, and "
	"end\n"
	"  -q, --quiet  log only what is wrong\n"
	"\n"
	"Events are logged to standard error, a line each. SIGTERM and SIGINT "
	"end it,\nSIGHUP makes it look at docket.conf and the schemas at "
	"once.\n",
};
