/*
 * form: what a form is, apart from its content: the number of its case, the
 * papers of a case and their names, the stamp, the place in the ledger.
 */
#ifndef DOCKET_FORM_H
#define DOCKET_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

struct buf;

/*
 * A number is the form type's prefix and a sequence of at least six digits:
 * AK-000012.  Prefixes are two to eight capital letters and digits, the
 * first a letter.
 */
#define NUMBER_TEXT 24
#define PREFIX_TEXT 9

bool	prefix_valid(const char *);
bool	number_valid(const char *);
const char *number_make(char [NUMBER_TEXT], const char *prefix, uint64_t seq);
/* Both parts of a valid number. */
void	number_split(const char *, char prefix[PREFIX_TEXT], uint64_t *seq);

/*
 * The papers of a case.  Those with a revision are forms that somebody sent;
 * the first revision is not written in the name.
 *
 *	AK-000012.xml		AK-000012.r2.xml
 *	AK-000012.revocation.xml	AK-000012.revocation.r2.xml
 *	AK-000012.rotation.xml	AK-000012.rotation.r2.xml
 *	AK-000012.withdrawal.xml
 *	AK-000012.key.xml	AK-000012.key.r2.xml
 *				the record of a key that was issued; ours
 *	AK-000012.note.txt	AK-000012.note.alice.txt
 *	AK-000012.refused.txt	why a decision was not carried out; ours
 *
 * A signature as ssh-keygen leaves it beside a paper, and as the ledger keeps
 * it once it counts: under what it decides and who signed.
 *
 *	AK-000012.r2.xml.sig	AK-000012.r2.xml.alice.sig
 *	AK-000012.r2.approve.alice.sig
 */
enum paper_kind {
	PAPER_FORM,
	PAPER_REVOCATION,
	PAPER_ROTATION,
	PAPER_WITHDRAWAL,	/* up to here somebody sent it */
	PAPER_KEY,
	PAPER_NOTE,
	PAPER_REFUSED,
	PAPER_SIGNED,		/* a signature that somebody brought */
	PAPER_SIGNATURE,	/* one that counts */
};

#define PAPER_NAME 160
#define REVIEWER_NAME 64

struct paper {
	char		 number[NUMBER_TEXT];
	enum paper_kind	 kind;
	unsigned	 revision;	/* 1 or more where it has one */
	char		 who[PAPER_NAME];	/* of a note, "" for anyone; of a
					 * signature */
	/* of a signature: */
	enum paper_kind	 about;		/* the paper, and its revision */
	enum event	 decision;	/* that it makes, once it counts */
};

/* Takes an untrusted file name.  -1: it is not the name of a paper. */
int	paper_parse(const char *name, struct paper *);
const char *paper_name(char [PAPER_NAME], const struct paper *);
/* The name without its last suffix, on which receipts are named. */
const char *paper_stem(char [PAPER_NAME], const struct paper *);
/* What the ledger files: a form of the case or a signature that counts, as
 * opposed to a note, an explanation of ours, or what was only brought. */
bool	paper_is_filed(const struct paper *);
/* The paper that a signature is about; and the signature that one becomes. */
struct paper paper_signed(const struct paper *signature);
struct paper paper_signature(const struct paper *about, enum event decision,
	    const char *who);
/* Whether a reviewer can be called that: it stands in names of papers. */
bool	paper_who_valid(const char *);
/* The paper of a case that a request of this kind is, and back. */
enum paper_kind	paper_of_request(enum request);
enum request	request_of_paper(const struct paper *);

/*
 * Where the ledger files a paper: approved/AK/00/00/AK-000012.xml; with no
 * name, the folder.  Two levels by number, so that a commit costs the same
 * however many cases there are.
 */
#define LEDGER_PATH 256
const char *ledger_path(char [LEDGER_PATH], enum state tray,
	    const char *number, const char *name);

/*
 * Where the ledger keeps a list of decisions that was signed, once for all
 * the cases that are decided by it: lists/4f/4f….xml, by the SHA-256 of its
 * bytes; and the signature over it, lists/4f/4f….alice.sig.  They are in no
 * tray.
 */
const char *ledger_list_path(char [LEDGER_PATH], const char *sha256,
	    const char *who);		/* NULL: of the list itself */
#define LIST_NAMESPACE "decisions@docket"

/*
 * The received stamp, a processing instruction (XML 1.0, 2.6) right after
 * the XML declaration:
 *
 *	<?docket desk="…" number="AK-000012" revision="1"
 *	    received="2026-11-22T10:00:00Z" from="acme/key.xml" sha256="…"?>
 *
 * on one line.  sha256 is of the form as it was submitted, after inflating.
 */
#define DESK_ID 64

struct stamp {
	char	 desk[DESK_ID];
	char	 number[NUMBER_TEXT];
	unsigned revision;
	char	 received[32];
	char	*from;			/* owned */
	char	 sha256[65];
};

void	stamp_free(struct stamp *);

/*
 * Looks for the stamp in the bytes of a form, in an encoding that is a
 * superset of ASCII.  1: there is one, *stamp is set and *at, *len are its
 * place; 0: there is none, and *at is where one goes (*len is 0); -1: there
 * is one that cannot be understood.
 */
int	stamp_find(const char *, size_t, struct stamp *, size_t *at,
	    size_t *len);

/* The line that a place *at is in, for who is told of a bad stamp. */
long	stamp_line(const char *, size_t at);

/*
 * Appends the form to out with this stamp: in the place of the old one, or
 * after the declaration, or first of all.
 */
void	stamp_put(struct buf *out, const char *, size_t,
	    const struct stamp *);

/*
 * Appends the form as it was before that gave it its first stamp.  -1: there
 * is no stamp in such a place.
 */
int	stamp_undo(struct buf *out, const char *, size_t);

/*
 * Appends the form with the stamp of another, byte for byte, in the place of
 * its own.  -1: one of them has none.
 */
int	stamp_exchange(struct buf *out, const char *, size_t,
	    const char *other, size_t);

#endif
