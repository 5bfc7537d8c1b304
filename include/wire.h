/*
 * wire: what docket and docket-check say to each other.
 *
 * Both ends of every message are here.  A message is a frame: its length
 * (four bytes, without the header), its type (one byte), its content.
 * Numbers are little-endian; a string is its length and its bytes.  Decoding
 * takes nothing on trust: lengths are bounded, strings that will be shown
 * are plain UTF-8, and nothing may be left over.
 *
 *	docket -> parent	LIMITS, SCHEMA …, COMPILE; then FORK (with a
 *				socket, by SCM_RIGHTS) and KILL; FORGET and
 *				IDS …, when other lists are in force
 *	parent -> docket	TYPES, once; ENDED, for each child
 *	docket -> child		QUERY …, as many as fit
 *	child -> docket		VERDICT, in the same order; before that of a
 *				list whose entries are asked for, ENTRIES …
 */
#ifndef DOCKET_WIRE_H
#define DOCKET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "facts.h"
#include "fault.h"
#include "form.h"
#include "state.h"

struct buf;

enum wire_type {
	WIRE_LIMITS = 'L',
	WIRE_SCHEMA = 'S',
	WIRE_COMPILE = 'C',
	WIRE_FORK = 'F',
	WIRE_KILL = 'K',
	WIRE_FORGET = 'G',
	WIRE_IDS = 'I',
	WIRE_TYPES = 'T',
	WIRE_ENDED = 'X',
	WIRE_QUERY = 'Q',
	WIRE_ENTRIES = 'E',
	WIRE_VERDICT = 'V',
};

#define WIRE_HEADER 5

struct frame {
	enum wire_type	 type;
	const char	*data;		/* in the buffer it was found in */
	size_t		 len;
};

/*
 * The next frame of `in' at *at, which moves behind it.  1: there is one;
 * 0: more bytes are needed; -1: it claims more than `most' bytes.
 */
int	wire_next(const struct buf *in, size_t *at, size_t most,
	    struct frame *);
void	frame_encode(const struct frame *, struct buf *);

/* How a child ends that could not finish for want of memory: as fatal() of
 * the base does, which in a child has no other reason. */
#define CHILD_OUT_OF_MEMORY 4

/* What a worker is held to. */
struct check_limits {
	uint32_t depth, attributes, value;
	uint32_t cpu;			/* seconds */
	uint64_t memory;		/* bytes */
	uint32_t reuse;
};

void	limits_encode(const struct check_limits *, struct buf *);
int	limits_decode(struct check_limits *, const struct frame *);

/* A file of schemas/, by its path in there. */
struct schema_file {
	char	*path;
	char	*data;
	size_t	 len;
};

void	schema_encode(const struct schema_file *, struct buf *);
int	schema_decode(struct schema_file *, const struct frame *);
void	schema_free(struct schema_file *);

/* A form type, as the schemas define it. */
enum ask { ASK_NOTHING, ASK_REVOCATION, ASK_ROTATION, ASK_WITHDRAWAL,
    ASK_DECISIONS, ASK_BATCH, ASK_COUNT };

struct form_type {
	char	*form;			/* {namespace}element */
	char	 prefix[PREFIX_TEXT];	/* "" for requests */
	char	*title;			/* in the words of its schema */
	bool	 issues_key;
	char	*lists;			/* the list that it is, by its name:
					 * "clients"; NULL: it is none */
	enum ask ask;
};

/* What came of the schemas: form types, or faults whose field is the file. */
struct form_types {
	struct form_type *list;
	size_t	n;
	struct faults faults;
};

void	types_encode(const struct form_types *, struct buf *);
int	types_decode(struct form_types *, const struct frame *);
void	types_free(struct form_types *);
struct form_type *types_add(struct form_types *);
/* By its {namespace}element; -1: there is none. */
int	types_find(const struct form_types *, const char *form);

/* A number for a child: what to fork, to kill, what has ended. */
struct child_note {
	uint32_t slot;
	uint32_t status;		/* of ENDED, as from wait(2) */
};

void	child_encode(enum wire_type, const struct child_note *,
	    struct buf *);
int	child_decode(struct child_note *, const struct frame *);

/* What is asked of a child. */
enum purpose {
	PURPOSE_INTAKE,		/* everything */
	PURPOSE_DECISION,	/* again: schema, and rules for decisions */
	PURPOSE_FACTS,		/* only read the facts; no fault is looked for */
	PURPOSE_ENTRIES,	/* of a list; nor is it here */
	PURPOSE_SPLIT,		/* where the forms of a batch are */
	PURPOSE_COUNT
};

/*
 * Where cutting a batch stands: at the start of the file, between two forms,
 * within one that is longer than a window, or behind the end of the root.
 * Names are of tags as they are written, in the file's encoding.
 */
#define TAG_NAME 256

struct cutting {
	char		 root[TAG_NAME];	/* of the whole; "": at the
						 * start of the file */
	char		 form[TAG_NAME];	/* that it is within; "": none */
	uint32_t	 depth;			/* open tags of that name */
	uint32_t	 inner;			/* and of the root's, in it */
	bool		 ended;			/* the root is closed */
};

struct query {
	enum purpose	 purpose;
	int32_t		 today;
	const char	*data;
	size_t		 len;
	uint32_t	 before;	/* lines of a batch, before this form:
					 * for sentences that name one */
	int32_t		 later;		/* of INTAKE: another day, on which it
					 * may be decided on; 0: none */
	bool		 brief;		/* fields are not asked for */
	/* of a window */
	const struct cutting *cutting;
	bool		 last;		/* the file ends with it */
};

void	query_encode(const struct query *, struct buf *);
/* Lent, but for the cutting, which is the caller's. */
int	query_decode(struct query *, struct cutting *, const struct frame *);

/* Ids of a list in force, some or all, a line each; FORGET before the first
 * of them. */
struct ids {
	char	*list;			/* its name */
	char	*lines;			/* NULL: it is empty */
};

void	ids_encode(const struct ids *, struct buf *);
int	ids_decode(struct ids *, const struct frame *);
void	ids_free(struct ids *);

/* Entries of a list, some or all; what is decoded is appended. */
void	entries_encode(const char *lines, size_t, struct buf *);
int	entries_decode(struct buf *, const struct frame *);

/* A decision in a list: what it says of itself. */
struct listed {
	char		 number[NUMBER_TEXT];
	unsigned	 revision;
	char		 sha256[65];	/* of the paper */
	enum event	 event;		/* approve, return, reject, revoke */
	char		*note;		/* or NULL */
};

/* A form of a batch: where it is in the window. */
struct piece {
	uint32_t	 at, len;
};

/* What is in a window of a batch. */
struct cuts {
	struct piece	*list;		/* ascending; whole forms, but for the
					 * first where it is the rest of one */
	size_t		 n;
	uint32_t	 used;		/* bytes that are dealt with */
	struct cutting	 then;		/* where that leaves it */
	char		 encoding[24];	/* that is declared; "": UTF-8 */
};

struct verdict {
	int		 type;		/* index in the form types; -1: none */
	bool		 last;		/* the child ends after this one */
	bool		 later;		/* a good form: on the query's later
					 * day DECISION finds no fault */
	struct faults	 faults;	/* none: the form is good */
	struct facts	 facts;
	/* of a request: the case and the reason */
	char		 number[NUMBER_TEXT];
	char		*reason;
	char		 overlap[OVERLAP_TEXT];	/* of a rotation */
	/* of a list of decisions */
	struct listed	*listed;
	size_t		 n_listed;
	/* not in the message: the entries of a list, as lines (listform.h),
	 * NULL where nobody has asked for them */
	char		*entries;
	/* of a window of a batch */
	struct cuts	 cuts;
};

bool	listed_valid(const struct listed *);
struct listed *verdict_list(struct verdict *);	/* a new one, at the end */
struct piece *verdict_piece(struct verdict *);	/* a new one, at the end */
void	verdict_encode(const struct verdict *, struct buf *);
/* n_types: how many form types there are. */
int	verdict_decode(struct verdict *, const struct frame *,
	    size_t n_types);
void	verdict_free(struct verdict *);

#endif
