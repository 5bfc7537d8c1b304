/*
 * batchfile: the files of one batch, below .docket/batches/:
 *
 *	ID		the private copy, inflated; under this name it is whole
 *			and synced, and only its bytes count
 *	ID.part		the same while it is made
 *	ID.mark		where the work stands: struct batch_mark
 *	ID.xml ID.bad ID.good
 *			what came of the forms so far, as the receipt will
 *			have it
 *
 * ID is the claim's.  A mark is written after what it says is in the ledger:
 * it is never ahead of it, and what is between the two is found there, by
 * `Intake: ID/n'.  It is not synced; after a crash of the machine only the
 * copy is trusted, and the work is gone over from the first form.
 */
#ifndef DOCKET_BATCHFILE_H
#define DOCKET_BATCHFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "desk.h"
#include "fault.h"
#include "hash.h"
#include "parcel.h"
#include "settings.h"

struct batchfile;

/* What came of the forms, in the receipt: all, for programs; those that were
 * refused and the others, for people. */
enum batch_body { BODY_XML, BODY_BAD, BODY_GOOD, BODY_COUNT };

/* Behind the form of that number. */
struct batch_mark {
	uint64_t	 n, at;		/* at: in the copy */
	long		 line;
	uint64_t	 received, refused, repeated;
	uint64_t	 forms;		/* in all, once they are counted */
	uint64_t	 body[BODY_COUNT];	/* bytes */
};

/* Opens the claim of the parcel.  NULL: it cannot be (errno). */
struct batchfile *batchfile_open(struct desk *, const struct settings *,
	    const struct parcel *);
void	batchfile_close(struct batchfile *);

/* The first bytes of the file that was sent, inflated, up to a window; *all:
 * there are no more.  -1: it cannot be read, or inflated (a fault was added). */
int	batchfile_peek(struct batchfile *, struct buf *, bool *all,
	    struct faults *);

/*
 * Copies some more of it.  BATCH_COPIED: the copy is whole, and the digest of
 * what was sent is known; also at once where that was so before a crash.
 * BATCH_FAULT: a fault was added.  BATCH_TROUBLE: the machine's, errno.
 */
enum batch_copy { BATCH_MORE, BATCH_COPIED, BATCH_FAULT, BATCH_TROUBLE };
enum batch_copy batchfile_copy(struct batchfile *, struct faults *);

const char *batchfile_sha256(const struct batchfile *);
uint64_t batchfile_size(const struct batchfile *);

/* Bytes of the copy from there, up to a window.  -1: it cannot be read. */
int	batchfile_window(struct batchfile *, uint64_t at, struct buf *);

/* Where the work stood: 1; 0: at its beginning.  What was written behind the
 * mark is cut off. */
int	batchfile_resume(struct batchfile *, struct batch_mark *);
/* Writes what came of more forms, and the mark, in which the bodies are set
 * here. */
int	batchfile_note(struct batchfile *, const struct buf [BODY_COUNT],
	    struct batch_mark *);
/* Appends a body to a file. */
int	batchfile_body(struct batchfile *, enum batch_body, int fd);

/* The batch is done with. */
void	batchfile_remove(struct batchfile *);
/* At start: removes what belongs to no claim. */
void	batchfile_sweep(struct desk *, bool (*is_claimed)(void *, const char *),
	    void *);

#endif
