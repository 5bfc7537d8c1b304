/*
 * limit: how much of anything is taken.
 *
 * Those with a key can be set down in docket.conf, never up.  (Not called
 * limits.h: the compiler's own header of that name would find this one by its
 * #include_next.)
 */
#ifndef DOCKET_LIMIT_H
#define DOCKET_LIMIT_H

/* limits.form: a form is one page of a person's work; FatturaPA with its
 * attachments is the largest seen.  Bytes, after inflating. */
#define LIMIT_FORM		(1024u * 1024)

/* limits.list: a list of 100,000 clients has 10 MB.  Bytes, after inflating.
 * Then: a name of such a list; of one entry its id, and another value (an
 * SSH key of 8192 bits has 1,400); a part of one, as workers send and get
 * them. */
#define LIMIT_LIST		(16u * 1024 * 1024)
#define LIMIT_CATALOG		32u
#define LIMIT_ENTRY_ID		256u
#define LIMIT_ENTRY		2048u
#define LIMIT_ENTRIES_PART	(64u * 1024)

/* The largest paper: what may be sent, and the stamp that it got. */
#define LIMIT_PAPER		(LIMIT_LIST + 16384)

/* limits.batch: a file of many forms; what comes out of it, bytes. */
#define LIMIT_BATCH		(4ull * 1024 * 1024 * 1024)

/* limits.ratio: text compresses 5 to 20 times; 100 is an attack. */
#define LIMIT_RATIO		100u

/* limits.depth: elements in elements.  libxml2 recurses in places. */
#define LIMIT_DEPTH		64u

/* limits.attributes: in one tag.  50,000 cost libxml2 3.8 s. */
#define LIMIT_ATTRIBUTES	256u

/* limits.value: one attribute or one run of text, bytes. */
#define LIMIT_VALUE		(256u * 1024)

/* limits.faults: nobody reads more of them. */
#define LIMIT_FAULTS		50u

/* check.cpu, check.memory: seconds of processor time, bytes of address
 * space, for one form. */
#define LIMIT_CHECK_CPU		10u
#define LIMIT_CHECK_MEMORY	(256u * 1024 * 1024)

/* Least of check.memory: good forms of 1 MiB need up to 48 MiB. */
#define LEAST_CHECK_MEMORY	(64u * 1024 * 1024)

/* check.reuse: forms that one child may check; what a form leaves behind in
 * it reaches no more than so many others of the same box. */
#define LIMIT_REUSE		256u

/* check.workers: children at once. */
#define LIMIT_WORKERS		64u

/* Schemas of a desk: files, bytes of one, folders in folders.  UBL 2.3 has
 * some hundred files, the largest of 3 MB. */
#define LIMIT_SCHEMAS		1024u
#define LIMIT_SCHEMA		(8u * 1024 * 1024)
#define LIMIT_SCHEMA_DEPTH	4u

/* What compiling them may take, bytes.  A schema of thirty
 * groups, each made of two of the one before, would take all there is. */
#define LIMIT_COMPILE_MEMORY	(2048ull * 1024 * 1024)

/* docket.conf and its like, bytes. */
#define LIMIT_RULES_FILE	(1024u * 1024)

/* expiry.notify: days before the last one.  Who is told a year before has
 * forgotten by then. */
#define LIMIT_NOTICE_DAYS	365u

/* A reviewer's note, bytes. */
#define LIMIT_NOTE		(16u * 1024)

/* What a worker may say of one form: fields, bytes of all of them, of one
 * value shown, of a sentence. */
#define LIMIT_FIELDS		256u
#define LIMIT_FIELDS_BYTES	(64u * 1024)
#define LIMIT_FIELD_VALUE	2048u
#define LIMIT_SENTENCE		1024u

/* A message from a worker, bytes: it is not trusted with more. */
#define LIMIT_VERDICT		(256u * 1024)

/* A batch is cut a window at a time: any form fits into one, and what may
 * stand around it.  Forms that a worker may find in one. */
#define LIMIT_WINDOW		(LIMIT_FORM + 65536u)
#define LIMIT_PIECES		4096u

/* Decisions in a signed list, and bytes of all their notes. */
#define LIMIT_LISTED		1000u
#define LIMIT_LISTED_BYTES	(64u * 1024)

/* Times that a form which kills its worker is tried, before it is held. */
#define LIMIT_TRIES		3u

/* Rulings committed together, and their bytes: a group's pack is built in
 * memory. */
#define LIMIT_GROUP		1000u
#define LIMIT_GROUP_BYTES	(16u * 1024 * 1024)

/* Forms in hand at once, claimed and not yet ruled on. */
#define LIMIT_IN_HAND		1024u

/* Claims of one box that wait for the worker, the machine or the box itself
 * to get better: with as many, no more are taken from it. */
#define LIMIT_WAITING		64u

/* Free space below which intake stops, bytes. */
#define LIMIT_FREE		(32u * 1024 * 1024)

/* A drop box's name, which is a client's id. */
#define LIMIT_BOX		64u

#endif
