/*
 * cmd: what the commands have in common.
 *
 * A command is a function with a row in docket.c's table.  It gets its
 * arguments, its own name first, and returns an exit status.
 */
#ifndef DOCKET_CMD_H
#define DOCKET_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "casefile.h"
#include "desk.h"
#include "index.h"
#include "ledger.h"
#include "ruling.h"
#include "settings.h"

enum {
	EXIT_DONE = 0,
	EXIT_NO = 1,		/* invalid, not found, refused */
	EXIT_USAGE = 2,
	EXIT_DESK = 3,		/* the desk is not usable */
	EXIT_TROUBLE = 4,	/* or left for a daemon that is not running */
};

struct command {
	const char	*name;
	int		(*run)(int argc, char **argv);
	const char	*arguments;	/* for the usage line */
	const char	*summary;
	const char	*help;		/* options, a line each */
};

extern const struct command cmd_init, cmd_run, cmd_check, cmd_status,
    cmd_list, cmd_show, cmd_diff, cmd_log, cmd_why, cmd_search,
    cmd_key,
    cmd_approve, cmd_return, cmd_reject, cmd_revoke, cmd_apply, cmd_policy,
    cmd_audit, cmd_rebuild, cmd_import, cmd_doctor;

/* The desk that -C, DOCKET_DIR or the current directory names. */
const char *cmd_desk_path(void);
void	cmd_set_desk_path(const char *);

/*
 * The next option of a command: its letter, -1 at the end.  Long options
 * that have no letter bear one from 1 on.  --help and --version are not
 * returned: the program ends.  A wrong one ends it too, with usage.
 */
int	cmd_option(const struct command *, int argc, char **argv,
	    const char *letters, const struct option *);
void	cmd_usage(const struct command *, const char *why)
	    __attribute__((noreturn));

/* One line on standard error, "docket: …". */
void	cmd_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The group of that name or number; ends the program if there is none. */
long	cmd_group(const struct command *, const char *name);
/* The shipped schemas (rules) and examples, into a desk's schemas/, where
 * there are none of the name.  EXIT_DONE, or why not, having said so. */
int	cmd_put_shipped(const char *path, bool rules);

struct buf;
/* A file that the user has named, wherever it is ("-": standard input), of at
 * most so many bytes.  The exit status: no where it cannot be read, which is
 * said. */
int	cmd_read(const char *name, size_t most, struct buf *);

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };
/* Ends the program with usage if it is none of those allowed. */
enum format cmd_format(const struct command *, const char *, bool csv);

/* A desk opened for reading. */
struct reading {
	struct desk	 desk;
	struct ledger	*ledger;
	struct index	*index;
	struct settings	 settings;
	bool		 open;
};

/* EXIT_DONE, or why not, having said so. */
int	cmd_open(struct reading *);
void	cmd_close(struct reading *);
/* Says what failed last in index or ledger. */
int	cmd_trouble(const char *why);

/*
 * How far a decision on what waits has come: "1 of 2: alice; waiting for
 * security"; nothing where nobody has decided so and nobody is asked to.
 */
struct priors;
void	cmd_put_progress(const struct settings *, const struct casefile *,
	    enum event decision, const struct priors *, struct buf *);
/* "1 of 2" of the decision that has come farthest; nothing if none is
 * counted. */
void	cmd_put_count(const struct settings *, const struct casefile *,
	    struct buf *);
/* "approval" */
const char *cmd_noun(enum event decision);
/* What happened, in words for people: "approval counted", "revised r2". */
struct ruling;
void	cmd_put_what(const struct ruling *, struct buf *);
/* The decisions that may be counted, in order; EVENT_COUNT at the end. */
extern const enum event cmd_decisions[];

/* The members of a case, in an object that is open. */
struct json;
void	cmd_case_json(struct json *, const struct settings *,
	    const struct casefile *);

/* "1298 - No information found", and EXIT_NO. */
int	cmd_nothing_found(void);

#endif
