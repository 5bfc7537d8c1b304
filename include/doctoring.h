/*
 * doctoring: what the checks of docket doctor share.
 *
 * A check looks at one thing and says what it finds: what, where, and what to
 * do about it, as a line that can be copied.  It changes nothing, needs no
 * daemon and disturbs none, and leaves out, saying so, what it may not read.
 *
 *	src/doctor/places.c	folders and files, and who may write to them
 *	src/doctor/dropboxes.c	drop boxes and their folders in the outbox
 *	src/doctor/machine.c	file system, disk, clock, limits
 *	src/doctor/versions.c	programs and libraries
 *	src/doctor/rulings.c	rules: those in force, and what is to be
 *	src/doctor/people.c	reviewers, their keys, what they can decide
 *	src/doctor/records.c	ledger, index, trays
 *	src/doctor/work.c	the daemon, and what it is stuck with
 */
#ifndef DOCKET_DOCTORING_H
#define DOCKET_DOCTORING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "desk.h"
#include "index.h"
#include "ledger.h"
#include "rules.h"
#include "settings.h"

struct buf;

enum grade {
	GRADE_OK,
	GRADE_NOTE,		/* to be known; nothing need be done */
	GRADE_WARN,		/* something is to be done */
	GRADE_FAIL,		/* the desk is not usable until it is */
	GRADE_COUNT
};

struct finding {
	enum grade	 grade;
	const char	*check;		/* lent */
	char		*where;		/* a file or a setting; or NULL */
	char		*what;
	char		*remedy;	/* a line of shell; or NULL */
};

/* What could be opened is there; the rest is not, and the checks go on. */
struct doctor {
	char		*path;		/* of the desk, from the root */
	int		 dir;
	struct stat	 st;		/* of it */
	bool		 full;		/* what takes long as well */
	struct desk	 desk;
	bool		 open;		/* desk is */
	bool		 is_run;
	struct grounds	 grounds;	/* if it is open */
	struct ledger	*ledger;	/* or NULL */
	struct index	*index;		/* or NULL */
	struct rules	 rules;		/* in force; empty: not known */
	struct settings	 settings;
	bool		 settled;	/* settings are */
	char		*unsettled;	/* why not; or NULL */
	const char	*check;		/* that is at it */
	struct finding	*list;
	size_t		 n;
};

/* Says something.  where: a path from the desk, a setting, or NULL. */
void	doctor_find(struct doctor *, enum grade, const char *where,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What to do about that. */
void	doctor_remedy(struct doctor *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* It may not be looked at (errno). */
void	doctor_unseen(struct doctor *, const char *where);
/* A path from the desk as a word for the shell, from the root; good for two
 * calls. */
const char *doctor_path(const struct doctor *, const char *name);
/* A user's name, or number, the same way. */
const char *doctor_user(uid_t);
/* Whether we are who runs the desk, or root. */
bool	doctor_is_owner(const struct doctor *);
/* Whether the policy asks, of any decision, for that evidence. */
bool	doctor_asks(const struct doctor *, enum evidence);
/* Runs a program for what it says; 0, or -1 if it does not end well. */
int	doctor_run(const char *const argv[], struct buf *says);

typedef void doctor_fn(struct doctor *);
doctor_fn doctor_desk, doctor_folders, doctor_files,		/* places */
    doctor_boxes, doctor_answers,				/* dropboxes */
    doctor_filesystem, doctor_space, doctor_clock, doctor_limits,
								/* machine */
    doctor_libraries, doctor_programs, doctor_worker,		/* versions */
    doctor_rules, doctor_revocations, doctor_signing,		/* rulings */
    doctor_reviewers, doctor_signers, doctor_quorum,		/* people */
    doctor_ledger, doctor_index, doctor_trays,			/* records */
    doctor_daemon, doctor_claims, doctor_keys, doctor_gateway;	/* work */

#endif
