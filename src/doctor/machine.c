/*
 * machine: what the desk stands on: file system, disk, clock, limits.
 *
 * May not: set anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "watch.h"

#include "doctoring.h"
#include "limit.h"

/* Space that is soon no more, and files. */
#define SPACE_LOW (8ull * LIMIT_FREE)
#define FILES_LOW 5000

/* Descriptors and watches: what is open anyway, and for each box. */
#define FILES_BASE 128
#define FILES_BOX 4

/* Before and after these years a clock is not set. */
#define YEAR_LEAST INT64_C(1735689600)	/* 2025 */
#define YEAR_MOST INT64_C(4102444800)	/* 2100 */

void
doctor_filesystem(struct doctor *d)
{
	const char *name = fs_name(d->dir);

	if (!fs_is_local(d->dir)) {
		doctor_find(d, doctor_asks(d, EVIDENCE_OWNER) ? GRADE_WARN :
		    GRADE_NOTE, ".", "The file system is %s, which may send "
		    "no events and does not vouch for owners: the desk looks "
		    "for itself, every inbox.poll, and takes no owner as "
		    "evidence.", name);
		if (doctor_asks(d, EVIDENCE_OWNER))
			doctor_remedy(d, "git config -f %s review.evidence "
			    "signature", doctor_path(d, "docket.conf"));
	} else if (strcmp(name, "tmpfs") == 0 || strcmp(name, "ramfs") == 0)
		doctor_find(d, GRADE_NOTE, ".", "The file system is %s: after "
		    "a restart of the machine the desk is gone.", name);
	else if (strcmp(name, "overlay") == 0)
		doctor_find(d, GRADE_NOTE, ".", "The file system is overlay: "
		    "with its container the desk is gone.");
	else
		doctor_find(d, GRADE_OK, ".", "%s", name);
}

void
doctor_space(struct doctor *d)
{
	struct statvfs s;
	uint64_t bytes;

	if (fstatvfs(d->dir, &s) != 0 || fs_free(d->dir, &bytes) != 0) {
		doctor_unseen(d, ".");
		return;
	}
	if (bytes < LIMIT_FREE) {
		doctor_find(d, GRADE_FAIL, ".", "%llu MiB are free: nothing is "
		    "taken in until there are %u.",
		    (unsigned long long)bytes >> 20, LIMIT_FREE >> 20);
		doctor_remedy(d, "df -h %s", doctor_path(d, "."));
	} else if (bytes < SPACE_LOW) {
		doctor_find(d, GRADE_WARN, ".", "%llu MiB are free; below %u "
		    "nothing is taken in.", (unsigned long long)bytes >> 20,
		    LIMIT_FREE >> 20);
		doctor_remedy(d, "df -h %s", doctor_path(d, "."));
	} else
		doctor_find(d, GRADE_OK, ".", "%llu MiB are free",
		    (unsigned long long)bytes >> 20);
	if (s.f_files > 0 && s.f_favail < FILES_LOW) {
		doctor_find(d, GRADE_WARN, ".", "The file system has room for "
		    "%llu more files only.", (unsigned long long)s.f_favail);
		doctor_remedy(d, "df -i %s", doctor_path(d, "."));
	}
}

static void
check_zone(struct doctor *d)
{
	char at[TIME_TEXT];

	/* one that this machine does not know is for doctor_ledger() */
	if (d->settled)
		doctor_find(d, GRADE_OK, "desk.timezone", "%s, where it is %s",
		    d->settings.zone, time_local(at, clock_now()));
}

void
doctor_clock(struct doctor *d)
{
	struct timex t = { .modes = 0 };
	int64_t now = clock_now();
	char at[TIME_TEXT], head[TIME_TEXT];

	if (clock_is_test()) {
		doctor_find(d, GRADE_WARN, "DOCKET_NOW", "It is set: the desk "
		    "believes that it is %s.", time_text(at, now));
		doctor_remedy(d, "unset DOCKET_NOW");
	}
	if (now < YEAR_LEAST || now > YEAR_MOST) {
		doctor_find(d, GRADE_WARN, NULL, "The clock says %s.",
		    time_text(at, now));
		doctor_remedy(d, "timedatectl set-ntp true");
	}
	if (d->ledger != NULL && ledger_head_time(d->ledger) > now + 1) {
		doctor_find(d, GRADE_WARN, NULL, "The clock (%s) is behind the "
		    "last commit (%s): all that comes until then bears its "
		    "date.", time_text(at, now), time_text(head,
		    ledger_head_time(d->ledger)));
		doctor_remedy(d, "timedatectl set-ntp true");
	}
	if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0) {
		doctor_find(d, GRADE_NOTE, NULL, "The kernel does not know "
		    "that the clock is kept right by anything.");
		doctor_remedy(d, "timedatectl set-ntp true");
	}
	check_zone(d);
}

/* Limits. */

static uint64_t
count_boxes(const struct doctor *d)
{
	DIR *list = d->open ? fs_list(d->desk.inbox) : NULL;
	const char *name;
	struct stat st;
	uint64_t n = 0;

	while (list != NULL && (name = fs_list_next(list)) != NULL)
		n += fstatat(d->desk.inbox, name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
	if (list != NULL)
		closedir(list);
	return n;
}

/* The soft limit of the daemon; of this program, where there is none. */
static uint64_t
open_limit(const struct doctor *d)
{
	struct buf line = BUF_INIT;
	struct rlimit now = { 0, 0 };
	long pid = 0;

	if (d->is_run && d->open && desk_get_line(&d->desk, "lock",
	    &line) == 0)
		pid = atol(buf_str(&line));
	buf_free(&line);
	if (pid <= 0 || prlimit((pid_t)pid, RLIMIT_NOFILE, NULL, &now) != 0)
		getrlimit(RLIMIT_NOFILE, &now);
	return (uint64_t)now.rlim_cur;
}

/* A number of /proc/sys; 0: not known. */
static uint64_t
kernel_limit(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

static void
check_watches(struct doctor *d, uint64_t boxes)
{
	uint64_t most = kernel_limit("/proc/sys/fs/inotify/max_user_watches");
	struct watch *w;

	if (most != 0 && most < boxes + 64) {
		doctor_find(d, GRADE_WARN, "fs.inotify.max_user_watches",
		    "%llu folders can be watched, and there are %llu drop "
		    "boxes.", (unsigned long long)most,
		    (unsigned long long)boxes);
		doctor_remedy(d, "sysctl -w fs.inotify.max_user_watches=%llu",
		    (unsigned long long)(boxes + 8192));
	}
	if (d->is_run || geteuid() != d->st.st_uid)
		return;
	w = watch_new();
	if (w == NULL) {
		doctor_find(d, GRADE_FAIL, "fs.inotify.max_user_instances",
		    "No folder can be watched: %s.", strerror(errno));
		doctor_remedy(d, "sysctl -w fs.inotify.max_user_instances="
		    "1024");
	}
	watch_free(w);
}

void
doctor_limits(struct doctor *d)
{
	uint64_t boxes = count_boxes(d), most = open_limit(d);
	uint64_t needed = FILES_BASE + FILES_BOX * boxes;

	if (most < needed) {
		doctor_find(d, GRADE_WARN, "RLIMIT_NOFILE", "%llu files may be "
		    "open at once; with %llu drop boxes it should be %llu.",
		    (unsigned long long)most, (unsigned long long)boxes,
		    (unsigned long long)needed);
		doctor_remedy(d, "ulimit -n %llu",
		    (unsigned long long)needed);
	}
	check_watches(d, boxes);
}
