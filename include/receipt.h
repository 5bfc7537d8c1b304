/*
 * receipt: the answer to an applicant, as XML (valid under receipt.xsd) and
 * as plain text.
 *
 * A receipt is a function of one ruling and of what the desk is called;
 * written again it is the same.
 */
#ifndef DOCKET_RECEIPT_H
#define DOCKET_RECEIPT_H

#include "fault.h"
#include "ruling.h"

struct buf;

struct receipt_desk {
	const char	*id, *name;
};

#define RECEIPT_NAME 300

/* What receipts of a ruling are called, without .xml or .txt:
 * "AK-000012.approved", "AK-000012.r2.received", "key.xml.refused". */
const char *receipt_name(char [RECEIPT_NAME], const struct ruling *);

/* For a box ("": inbox). */
void	receipt_xml(const struct ruling *, const struct receipt_desk *,
	    struct buf *);
void	receipt_text(const struct ruling *, const struct receipt_desk *,
	    const char *box, struct buf *);

/*
 * Answers that are no state change: a form that was received before
 * ("duplicate", with the number it has), and one that could not be checked
 * yet by no fault of its own ("held"); what came of a signed list
 * ("decisions").
 */
/* What came of a decision in a signed list. */
struct listed_answer {
	const char	*number;
	unsigned	 revision;
	enum event	 event;
	const char	*outcome;	/* "decided", "counted", "refused" */
	char		*text;		/* one line */
	struct faults	 faults;	/* if it was refused */
};

struct notice {
	const char	*event;
	const char	*number;	/* or NULL */
	const char	*file;		/* as it was called in inbox */
	const char	*sha256;
	int64_t		 at;
	const char	*text;		/* for people */
	unsigned	 code;		/* of a fault, or 0 */
	const struct listed_answer *listed;	/* of "decisions" */
	size_t		 n_listed;
};

void	notice_xml(const struct notice *, const struct receipt_desk *,
	    struct buf *);
void	notice_text(const struct notice *, const struct receipt_desk *,
	    struct buf *);

#endif
