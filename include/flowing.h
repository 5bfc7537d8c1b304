/*
 * flowing: what the parts of the flow share.  flow.c tells the story; the
 * parts in src/flow/ are
 *
 *	opening.c	what a flow begins with, and what a crash has left
 *	group.c		cases as the open group has them; commits it
 *	indexed.c	the index, beside the trays
 *	claims.c	forms: from a parcel to a ruling or an answer
 *	decisions.c	trays and clock: from a decision or a day to a ruling
 *	lists.c		signed lists: from one signature to many rulings
 *	keying.c	keys: from an approval to the client's folder
 *	batches.c	batches: from one file to many forms
 *	parts.c		those forms
 *	telling.c	whether events come, and figures for those who watch
 *
 * Functions return 0, or -1 after flow_fail().
 */
#ifndef DOCKET_FLOWING_H
#define DOCKET_FLOWING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "map.h"
#include "watch.h"

#include "casefile.h"
#include "parcel.h"

#include "catalogs.h"
#include "gateway.h"
#include "index.h"
#include "intake.h"
#include "keys.h"
#include "ledger.h"
#include "metrics.h"
#include "outbox.h"
#include "policy.h"
#include "pool.h"
#include "priors.h"
#include "probe.h"
#include "reminders.h"
#include "rule.h"
#include "rulebook.h"
#include "trays.h"

#include "flow.h"

/* A group is closed when it is full, when nothing else is on its way, or when
 * its first ruling has waited as long as it took to commit the group before (a
 * slow disk is asked for less often), within these bounds, ms. */
#define GROUP_MS 200
#define GROUP_MOST_MS 1000

/* Everything is compared so often, ms, although no event said so. */
#define LOOK_MS 60000

/* What events bear: of the desk and schemas/, of a tray, of a box. */
enum tag { TAG_RULES, TAG_TRAYS = 10, TAG_BOXES = 100 };

/* Something that is with a worker: a claim, or a paper to be approved. */
struct task {
	struct job	 job;
	char		*box;
	struct parcel	*parcel;	/* or NULL */
	struct decision	 decision;
	struct list	*list;		/* or the entry of a signed list */
	size_t		 entry;
	struct buf	 paper;		/* of the decision; a batch's window */
	/* of a batch: */
	struct batch	*batch;
	unsigned	 epoch;
	uint64_t	 part;		/* the form's number; 0: a window */
	struct cutting	 cutting;	/* of a window */
	char		 known[COMMIT_HEX];	/* the form was ruled on before;
						 * "": it was not */
	uint64_t	 then_at;	/* behind the form, in the batch */
	long		 then_line;
};

/* A ruling of the open group, and what is to be done when it is committed. */
struct entry {
	struct ruling	*ruling;
	bool		 unrecorded;	/* a refusal that goes in no ledger */
	struct parcel	*parcel;	/* dropped then; or NULL */
	bool		 decided;	/* decision is set, and released */
	struct decision	 decision;
};

struct entries {
	struct entry	*list;
	size_t		 n;
};

struct flow {
	struct desk	*desk;
	bool		 once;
	char		 error[512];
	struct watch	*watch;
	struct ledger	*ledger;
	struct index	*index;
	struct rulebook	*rulebook;
	struct pool	*pool;
	struct intake	*intake;
	struct trays	*trays;
	struct outbox	*outbox;
	struct reminders *reminders;
	struct gateway	*gateway;
	struct keys	*keys;
	struct probe	*probe;
	struct metrics	*metrics;
	struct pool_counts workers;	/* of pools that are closed */
	uint64_t	 overflows;
	bool		 reloading;	/* somebody waits for the rules to be
					 * looked at */
	struct grounds	 grounds;

	/* the open group */
	struct entries	 group;
	size_t		 group_bytes;
	int64_t		 group_since;	/* ticks */
	int64_t		 group_took;	/* to commit the one before, ms */
	struct map	 cases;		/* number -> casefile, as of it */
	struct map	 digests;	/* box and digest -> number */
	struct map	 last;		/* prefix -> last sequence given */

	/* the group before, while its answers are given; NULL: none are */
	struct entries	 told;
	struct answer	*answers;
	char		 told_mark[COMMIT_HEX];	/* its last commit, or "" */

	/* papers that were edited or deleted, not yet in the group; and how
	 * many */
	struct ruling	*restore;
	size_t		 restored;

	bool		 relisted;	/* the open group puts another list in
					 * force, or ends one */
	bool		 no_room;	/* the disk is almost full */
	size_t		 in_hand;	/* with workers */
	size_t		 in_hand_bytes;
	struct entries	 again;		/* claims to be taken up, not in memory */
	size_t		 again_at;	/* the first of them */
	struct entries	 held;		/* those that wait for better times */
	struct entries	 unanswered;	/* refusals whose box is held */
	struct map	 lists;		/* box/name -> signed list */
	struct batch	*batches;	/* in the order of their coming */
	int64_t		 clock_due, look_due, held_due;
	bool		 clock_more;	/* once this group is committed */
	bool		 more;		/* there is work without waiting */
	struct flow_counts counts;
	flow_progress_fn *progress;
	void		*progress_arg;
};

int	flow_fail(struct flow *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
const struct settings *flow_settings(const struct flow *);
struct rule_context flow_context(const struct flow *);
/* Tells all stages of the settings in force. */
void	flow_apply_settings(struct flow *);
/* Drop boxes that came since the last time get their folder. */
void	flow_meet_boxes(struct flow *);

/* group.c */

/* A case as the open group has it, else as the index: 1, 0 or -1. */
int	flow_case(struct flow *, const char *number, struct casefile *);
/* The case that was opened by the same form from the same box: 1, 0, -1. */
int	flow_duplicate(struct flow *, const struct parcel *,
	    char number[NUMBER_TEXT]);
int	flow_next_number(struct flow *, const char *prefix,
	    char number[NUMBER_TEXT]);

struct entry *entries_add(struct entries *, struct ruling *);
void	entry_free(struct entry *);
void	entries_free(struct entries *);

/* Adds a ruling to the ledger's open group.  Takes ruling and parcel
 * whatever comes of it; d: the decision that it carries out, or NULL. */
int	flow_add(struct flow *, struct ruling *, struct parcel *,
	    const struct decision *d);
/* A refusal that is answered with the group but not recorded. */
void	flow_add_unrecorded(struct flow *, struct ruling *, struct parcel *);

/* Brings index and workers in step with the lists in force. */
int	flow_relist(struct flow *);

bool	flow_due(const struct flow *);
/* When the open group is to be committed at the latest, ticks. */
int64_t	flow_group_due(const struct flow *);
int	flow_commit(struct flow *);
void	flow_close_group(struct flow *);
void	flow_forget_numbers(struct flow *);
/* Until the answers to what was committed last are given: before anybody else
 * waits, and at the end. */
int	flow_end_answers(struct flow *);
/* Whether there are some, and that would not have to wait. */
bool	flow_has_answered(const struct flow *);
void	flow_forget_answers(struct flow *);
/* Answers to refusals whose box was held: once more. */
int	flow_answer_again(struct flow *);

/* indexed.c */

/* The index at work on a group. */
struct indexed {
	struct index	*index;
	struct ruling	*const *rulings;	/* lent */
	size_t		 n;
	pthread_t	 thread;
	bool		 beside;	/* the thread runs */
	int		 status;
};

/* Brings the index up to rulings, or begins to: nobody may ask it then before
 * flow_index_end(), which is to be called whatever comes in between. */
int	flow_index_begin(struct flow *, struct ruling *const *, size_t n,
	    struct indexed *);
int	flow_index_end(struct flow *, struct indexed *);

/* claims.c */

int	flow_collect(struct flow *);
/* A claim that is to be taken up when there is room.  Takes the parcel. */
void	flow_take_later(struct flow *, struct parcel *);
/* A claim, or (r) a refusal to be answered, that the machine fails us with:
 * it is kept and tried again.  Takes both. */
void	flow_keep(struct flow *, struct parcel *, struct ruling *r);
/* A parcel that is back from a worker.  Takes it. */
int	flow_rule_claim(struct flow *, struct parcel *, struct job *);
int	flow_try_held(struct flow *);
/* Whether a verdict is still worth what it says. */
bool	flow_is_current(const struct flow *, const struct job *);
/* The same of a form, which is checked as of the day of its case. */
bool	flow_claim_is_current(struct flow *, const struct parcel *,
	    const struct job *);
void	flow_submit(struct flow *, struct task *, enum purpose,
	    const struct buf *);
void	task_free(struct task *);
/* Whether more can be taken in hand. */
bool	flow_has_room(const struct flow *);
/* Whether inbox is to be looked at for more. */
bool	flow_takes_more(const struct flow *);
/* On a desk that asks for no approval: approves what waits. */
int	flow_approve_unreviewed(struct flow *, const char *number);

/* Refuses a claim, or a form of a batch.  Takes the parcel. */
int	flow_refuse(struct flow *, struct parcel *, const struct faults *);
/* The same of a file that may still be growing: it is put back then. */
int	flow_refuse_claim(struct flow *, struct parcel *,
	    const struct faults *);
/* A claim that is too large for a form, and is a list.  Takes the parcel. */
int	flow_take_up_list(struct flow *, struct parcel *);
/* What the worker says of a form, of today.  Takes the parcel. */
int	flow_rule_verdict(struct flow *, struct parcel *,
	    const struct verdict *);

/* lists.c */

/* A file that may be the signature over a list; false: it is none, and the
 * parcel still the caller's. */
bool	flow_take_signature(struct flow *, struct parcel *);
/* A list that the worker finds no fault with.  Takes the parcel. */
int	flow_take_list(struct flow *, struct parcel *);
/* What a worker says of a list, or of a paper that one approves. */
int	flow_rule_listed(struct flow *, struct task *);
/* Goes on with lists: judges some entries; gives the answers of those whose
 * decisions are committed; refuses those that wait in vain. */
int	flow_tend_lists(struct flow *);
int64_t	flow_lists_due(const struct flow *);
/* The rules are others now. */
int	flow_recheck_lists(struct flow *);
void	flow_free_lists(struct flow *);

/* keying.c */

/* Finds keys that a crash has left. */
int	flow_open_keys(struct flow *);
/* Gives a ruling the key that it issues, if it issues one. */
int	flow_issue_key(struct flow *, struct ruling *);
/* Delivers what can be. */
int	flow_tend_keys(struct flow *);

/* batches.c */

/* A claim that is larger than a form; one that the worker says is a batch.
 * Take the parcel. */
void	flow_take_large(struct flow *, struct parcel *);
void	flow_take_batch(struct flow *, struct parcel *);
/* What a worker says of one, or of a form in it.  Takes the task. */
int	flow_rule_batch(struct flow *, struct task *);
/* Writes down how far each is; nothing is in the open group. */
int	flow_note_batches(struct flow *);
/* Goes on with them. */
int	flow_tend_batches(struct flow *);
int64_t	flow_batches_due(const struct flow *);
size_t	flow_batches(const struct flow *);	/* in hand */
/* How many wait for better times; and whether all do. */
size_t	flow_waiting_batches(const struct flow *, bool *all);
/* Adds up how many there are of each box. */
void	flow_count_batches(const struct flow *, struct map *boxes);
/* The rules are others now. */
void	flow_recheck_batches(struct flow *);
/* At start: files of batches that are done with. */
void	flow_sweep_batches(struct flow *);
void	flow_free_batches(struct flow *);

/* parts.c */

/* What came of a form: a ruling, which it adds (and takes); a refusal that is
 * not recorded; nothing, as a case has it already.  Take the parcel. */
int	flow_add_part(struct flow *, struct ruling *, struct parcel *);
void	flow_refuse_part(struct flow *, struct parcel *,
	    const struct faults *);
void	flow_repeat_part(struct flow *, struct parcel *, const char *number);

/* telling.c */

void	flow_open_telling(struct flow *);
void	flow_configure_telling(struct flow *);
/* An event: of the probe's, or one that tells of lost ones.  True: it is
 * nobody else's. */
bool	flow_hear(struct flow *, const struct watch_event *);
int	flow_tend_telling(struct flow *, bool now);
int64_t	flow_telling_due(const struct flow *);
/* While the index is read (reindex.h). */
int	flow_index_progress(void *arg, uint64_t done, uint64_t all);
/* A pool is about to be closed: what its workers did is kept. */
void	flow_keep_counts(struct flow *);

/* decisions.c */

/* Names in a ruling who decided: now, and, if that completes it, before. */
void	flow_name_deciders(struct ruling *, const struct judgement *,
	    const struct priors *);

int	flow_look(struct flow *);
int	flow_rule_decision(struct flow *, struct task *);
int	flow_clock(struct flow *);

#endif
