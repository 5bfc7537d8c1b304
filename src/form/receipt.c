/*
 * receipt: the answer to an applicant.
 *
 * May not: know where it will be written; say anything that is not in the
 * ruling.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "text.h"
#include "xmlout.h"

#include "parcel.h"
#include "receipting.h"

/* What is said of an event.  In the sentences %N is the case's number, %W
 * what the case is about a request for, %S the stamped form, %B the inbox
 * that the applicant uses, %E the last day and how far away it is. */
static const struct said {
	enum event	 event;
	enum request	 request;
	const char	*name;		/* of the receipt */
	const char	*sentence, *next;
} said[] = {
	{ EVENT_RECEIVE, REQUEST_NONE, "received",
	  "Your form was received as %N. A reviewer will decide on it.",
	  "The answer will appear here. To change the form meanwhile, edit %S "
	  "and drop it into %B again; to withdraw it, use "
	  "forms/withdrawal.xml." },
	{ EVENT_RESUBMIT, REQUEST_NONE, "received",
	  "Your corrected form was received. A reviewer will decide on it.",
	  "The answer will appear here." },
	{ EVENT_REVISE, REQUEST_NONE, "received",
	  "Your new revision was received and takes the place of the one "
	  "before. A reviewer will decide on it.",
	  "The answer will appear here." },
	{ EVENT_REVISE, REQUEST_CHANGE, "received",
	  "Your new revision of the change was received and takes the place "
	  "of the one before. A reviewer will decide on it.",
	  "The terms that are in force stay so meanwhile." },
	{ EVENT_ASK, REQUEST_CHANGE, "received",
	  "Your request to change %N was received. A reviewer will decide on "
	  "it.",
	  "The terms that are in force stay so meanwhile." },
	{ EVENT_ASK, REQUEST_REVOCATION, "received",
	  "Your request to revoke %N was received. A reviewer will decide on "
	  "it.",
	  "%N stays in force meanwhile." },
	{ EVENT_ASK, REQUEST_ROTATION, "received",
	  "Your request for a new key of %N was received. A reviewer will "
	  "decide on it.",
	  "The key that you have stays good meanwhile." },
	{ EVENT_APPROVE, REQUEST_NONE, "approved",
	  "%N is approved.",
	  "To change its terms, edit %S and drop it into %B again; to give it "
	  "up, use forms/revocation.xml." },
	{ EVENT_APPROVE, REQUEST_CHANGE, "approved",
	  "The changed terms of %N are approved and take the place of the old "
	  "ones.",
	  "Where their effective day is still to come, %N is not in force "
	  "until then." },
	{ EVENT_APPROVE, REQUEST_REVOCATION, "revoked",
	  "%N is revoked, as was asked.",
	  NULL },
	{ EVENT_APPROVE, REQUEST_ROTATION, "approved",
	  "A new key of %N is issued, as was asked.",
	  NULL },
	{ EVENT_RETURN, REQUEST_NONE, "returned",
	  "%N was sent back for correction.",
	  "Correct %S, leave its line <?docket ...?> as it is, and drop it "
	  "into %B again." },
	{ EVENT_RETURN, REQUEST_CHANGE, "returned",
	  "The change of %N was sent back for correction; the terms in force "
	  "stay.",
	  "Correct %S, leave its line <?docket ...?> as it is, and drop it "
	  "into %B again." },
	{ EVENT_RETURN, REQUEST_REVOCATION, "returned",
	  "The request to revoke %N was sent back; it stays in force.",
	  "Send a new request if you still want it revoked." },
	{ EVENT_RETURN, REQUEST_ROTATION, "returned",
	  "The request for a new key of %N was sent back; the key that you "
	  "have stays good.",
	  "Send a new request if you still want another key." },
	{ EVENT_REJECT, REQUEST_NONE, "rejected",
	  "%N is rejected. The case is closed.",
	  "A new application can be sent at any time." },
	{ EVENT_REJECT, REQUEST_CHANGE, "rejected",
	  "The change of %N is rejected; the terms in force stay.",
	  NULL },
	{ EVENT_REJECT, REQUEST_REVOCATION, "rejected",
	  "The request to revoke %N is rejected; it stays in force.",
	  NULL },
	{ EVENT_REJECT, REQUEST_ROTATION, "rejected",
	  "The request for a new key of %N is rejected; the key that you have "
	  "stays good.",
	  NULL },
	{ EVENT_WITHDRAW, REQUEST_NONE, "withdrawn",
	  "%N is withdrawn, as you asked. The case is closed.",
	  "A new application can be sent at any time." },
	{ EVENT_WITHDRAW, REQUEST_CHANGE, "withdrawn",
	  "The change of %N is withdrawn, as you asked; the terms in force "
	  "stay.",
	  NULL },
	{ EVENT_WITHDRAW, REQUEST_REVOCATION, "withdrawn",
	  "The request to revoke %N is withdrawn, as you asked; it stays in "
	  "force.",
	  NULL },
	{ EVENT_WITHDRAW, REQUEST_ROTATION, "withdrawn",
	  "The request for a new key of %N is withdrawn, as you asked; the "
	  "key that you have stays good.",
	  NULL },
	{ EVENT_LAPSE, REQUEST_NONE, "returned",
	  "Nobody decided on %N in the time that this desk allows. It was "
	  "sent back; that is not your fault.",
	  "Drop %S into %B again if you still want it." },
	{ EVENT_LAPSE, REQUEST_CHANGE, "returned",
	  "Nobody decided on the change of %N in the time that this desk "
	  "allows. The terms in force stay.",
	  "Drop %S into %B again if you still want the change." },
	{ EVENT_LAPSE, REQUEST_REVOCATION, "returned",
	  "Nobody decided on the request to revoke %N in the time that this "
	  "desk allows. It stays in force.",
	  "Send a new request if you still want it revoked." },
	{ EVENT_LAPSE, REQUEST_ROTATION, "returned",
	  "Nobody decided on the request for a new key of %N in the time that "
	  "this desk allows. The key that you have stays good.",
	  "Send a new request if you still want another key." },
	{ EVENT_REVOKE, REQUEST_NONE, "revoked",
	  "%N is revoked.",
	  NULL },
	{ EVENT_EFFECT, REQUEST_NONE, "effective",
	  "%N is in force from today.",
	  NULL },
	{ EVENT_EXPIRE, REQUEST_NONE, "expired",
	  "%N has expired: its last day is over.",
	  "A new application can be sent at any time." },
	{ EVENT_RETIRE, REQUEST_NONE, "retired",
	  "An old key of %N is good no more: the time that it had beside the "
	  "new one is over.",
	  NULL },
	{ EVENT_NOTIFY, REQUEST_NONE, "expiring",
	  "%N expires: its last day is %E.",
	  "To go on, edit the day in %S and drop it into %B again: that asks "
	  "for changed terms, which a reviewer decides on. Otherwise there is "
	  "nothing to do." },
	{ EVENT_SUPERSEDE, REQUEST_NONE, "superseded",
	  "%N is no longer in force: a newer list was approved, and has taken "
	  "its place.",
	  NULL },
	{ EVENT_REFUSE, REQUEST_NONE, "refused",
	  "This was not accepted, and nothing was filed. What is wrong:",
	  "Mend it and drop it into %B again." },
};
#define SAID (sizeof(said) / sizeof(said[0]))

/* The row for a ruling; what is not told apart by request has one row. */
static const struct said *
said_of(const struct ruling *r)
{
	const struct said *any = NULL;
	size_t i;

	for (i = 0; i < SAID; i++)
		if (said[i].event == r->event) {
			if (said[i].request == r->request)
				return &said[i];
			if (said[i].request == REQUEST_NONE)
				any = &said[i];
		}
	return any;
}

/* The key's place among those of its case: "AK-000012.r2.key", as the file
 * with the key is called; "AK-000012.key.r2", as its record. */
static void
key_names(const struct ruling *r, char file[PAPER_NAME],
    char stem[PAPER_NAME])
{
	struct paper p = { .kind = PAPER_KEY, .revision = r->key_revision };

	strcpy(p.number, r->number);
	paper_stem(stem, &p);
	p.kind = PAPER_FORM;
	paper_stem(file, &p);
	strcat(file, ".key");
}

const char *
receipt_name(char name[RECEIPT_NAME], const struct ruling *r)
{
	const struct said *s = said_of(r);
	char stem[NAME_SIZE], paper[PAPER_NAME];
	struct paper p;

	if (r->event == EVENT_REFUSE)
		fs_short_name(stem, strrchr(r->file, '/') == NULL ? r->file :
		    strrchr(r->file, '/') + 1, PARCEL_NAME);
	else if (r->event == EVENT_RETIRE)
		key_names(r, paper, stem);
	else if (r->event == EVENT_REVOKE || r->event == EVENT_EFFECT ||
	    r->event == EVENT_EXPIRE || r->event == EVENT_NOTIFY ||
	    r->event == EVENT_SUPERSEDE ||
	    paper_parse(ruling_paper(r, paper), &p) != 0)
		snprintf(stem, sizeof(stem), "%s", r->number);
	else
		paper_stem(stem, &p);
	snprintf(name, RECEIPT_NAME, "%s.%s", stem, s->name);
	return name;
}

static void
put_inbox(struct buf *out, const char *box)
{
	buf_puts(out, "inbox");
	if (*box != '\0')
		buf_putf(out, "/%s", box);
}

/* "2027-12-31, in 7 days"; by the clock of the commit, which may be ahead. */
static void
put_expiry(struct buf *out, const struct ruling *r)
{
	int32_t day, left;

	buf_puts(out, r->expiry);
	if (day_parse(r->expiry, &day) != 0)
		return;
	left = day - clock_day(r->at);
	if (left == 0)
		buf_puts(out, ", which is today");
	else if (left == 1)
		buf_puts(out, ", tomorrow");
	else if (left > 1)
		buf_putf(out, ", in %d days", (int)left);
}

static void
put_sentence(struct buf *out, const char *text, const struct ruling *r,
    const char *box)
{
	char paper[PAPER_NAME];

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			buf_putc(out, *text);
			continue;
		}
		switch (*++text) {
		case 'N':
			buf_puts(out, r->number);
			break;
		case 'S':
			buf_puts(out, ruling_paper(r, paper));
			break;
		case 'B':
			put_inbox(out, box);
			break;
		case 'E':
			put_expiry(out, r);
			break;
		}
	}
}

/* A text wrapped at 76 columns, indented. */
void
receipt_wrapped(struct buf *out, const char *indent, const char *text)
{
	size_t column = 0, n, width;

	while (*(text += strspn(text, " \n")) != '\0') {
		n = strcspn(text, " \n");
		width = n;
		if (column > 0 && column + 1 + width > 76) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_puts(out, indent);
			column = strlen(indent);
		} else {
			buf_putc(out, ' ');
			column++;
		}
		buf_put(out, text, n);
		column += width;
		text += n;
	}
	buf_putc(out, '\n');
}

void
receipt_row(struct buf *out, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_putf(out, "  %-10s  ", key);
	text_line(out, value, strlen(value), 300);
	buf_putc(out, '\n');
}

void
receipt_heading(struct buf *out, const char *what, const char *event, int64_t at)
{
	char when[TIME_TEXT];
	struct buf line = BUF_INIT;
	size_t i;

	text_line(&line, what, strlen(what), 200);
	buf_putf(&line, "  %s  %s", event, time_local(when, at));
	buf_put(out, line.data, line.len);
	buf_putc(out, '\n');
	for (i = text_width(line.data); i > 0; i--)
		buf_putc(out, '=');
	buf_puts(out, "\n\n");
	buf_free(&line);
}

void
receipt_faults(struct buf *out, const struct faults *faults)
{
	struct buf text = BUF_INIT;
	const char *remedy;
	size_t i;

	for (i = 0; i < faults->n; i++) {
		buf_clear(&text);
		fault_line(&faults->list[i], &text);
		receipt_wrapped(out, "  ", buf_str(&text));
		remedy = fault_remedy(&faults->list[i]);
		if (remedy != NULL)
			receipt_wrapped(out, "         ", remedy);
		if (faults->list[i].raw != NULL) {
			buf_clear(&text);
			buf_putf(&text, "(%s)", faults->list[i].raw);
			receipt_wrapped(out, "         ", buf_str(&text));
		}
	}
	if (faults->more > 0)
		buf_putf(out, "  ... and %zu more.\n", faults->more);
	buf_putc(out, '\n');
	buf_free(&text);
}

static void
put_note(struct buf *out, const struct ruling *r)
{
	const char *p, *end;

	buf_puts(out, r->n_deciders > 0 ? "The reviewer says:\n\n" :
	    "The reason that was given:\n\n");
	for (p = r->note; *p != '\0'; p = end + (*end != '\0')) {
		end = p + strcspn(p, "\n");
		buf_putf(out, "%s%.*s\n", end == p ? "" : "    ",
		    (int)(end - p), p);
	}
	buf_putc(out, '\n');
}

static void
put_about(struct buf *out, const struct ruling *r)
{
	char revision[NUM_TEXT];

	receipt_row(out, "Name", r->label);
	receipt_row(out, "Client", r->client);
	receipt_row(out, "Form", r->form);
	if (r->revision > 1)
		receipt_row(out, "Revision", num_text(revision, r->revision));
	receipt_row(out, "File", r->file);
	receipt_row(out, "Last day", r->expiry);
	if (r->number[0] != '\0')
		receipt_row(out, "State", state_name(r->to));
	buf_putc(out, '\n');
}

/* Where the key is; never the key. */
static void
put_key(struct buf *out, const struct ruling *r)
{
	char file[PAPER_NAME], stem[PAPER_NAME];
	struct buf text = BUF_INIT;

	key_names(r, file, stem);
	if (r->event == EVENT_RETIRE) {
		buf_putf(out, "  %s\n\n", r->key);
		return;
	}
	buf_putf(&text, "The key is in the client's folder of the outbox, as "
	    "%s, or as %s.age if it is encrypted. Where it is not there yet, "
	    "status.txt says what it waits for. It is stored nowhere else: "
	    "move it to where you keep secrets. Its SHA-256, by which this "
	    "desk knows it:", file, file);
	receipt_wrapped(out, "", buf_str(&text));
	buf_putf(out, "\n  %s\n\n", r->key);
	buf_free(&text);
}

/* What becomes of the keys before it. */
static void
put_overlap(struct buf *out, const struct ruling *r)
{
	char until[TIME_TEXT];
	struct buf text = BUF_INIT;
	int64_t seconds = 0;

	if (overlap_parse(r->overlap, &seconds) == 0 && seconds > 0)
		buf_putf(&text, "The old key stays good until %s.",
		    time_local(until, r->at + seconds));
	else
		buf_puts(&text, "The old key is good no more, from now on.");
	receipt_wrapped(out, "", buf_str(&text));
	buf_putc(out, '\n');
	buf_free(&text);
}

/* What was asked for, and ends with its case. */
static void
put_ended(struct buf *out, const struct ruling *r)
{
	struct buf text = BUF_INIT;

	buf_putf(&text, "The %s that was asked for ends with it, and is not "
	    "decided any more.", request_name(r->request));
	receipt_wrapped(out, "", buf_str(&text));
	buf_putc(out, '\n');
	buf_free(&text);
}

void
receipt_text(const struct ruling *r, const struct receipt_desk *desk,
    const char *box, struct buf *out)
{
	const struct said *s = said_of(r);
	struct buf text = BUF_INIT;

	receipt_heading(out, r->number[0] != '\0' ? r->number : r->file, s->name,
	    r->at);
	put_about(out, r);
	put_sentence(&text, s->sentence, r, box);
	receipt_wrapped(out, "", buf_str(&text));
	buf_putc(out, '\n');
	if (r->request != REQUEST_NONE && s->request == REQUEST_NONE)
		put_ended(out, r);
	if (r->key[0] != '\0')
		put_key(out, r);
	if (r->key[0] != '\0' && r->overlap[0] != '\0')
		put_overlap(out, r);
	if (r->note != NULL)
		put_note(out, r);
	if (r->faults.n > 0)
		receipt_faults(out, &r->faults);
	if (s->next != NULL) {
		buf_clear(&text);
		put_sentence(&text, s->next, r, box);
		receipt_wrapped(out, "", buf_str(&text));
		buf_putc(out, '\n');
	}
	buf_putf(out, "-- \n%s", desk->name);
	if (r->commit[0] != '\0')
		buf_putf(out, ", commit %s", r->commit);
	buf_putc(out, '\n');
	buf_free(&text);
}

/* XML. */

void
receipt_open(struct xmlout *x, const char *event,
    const struct receipt_desk *desk, int64_t at)
{
	char when[TIME_TEXT];

	xml_open(x, "receipt");
	xml_attr(x, "xmlns", RECEIPT_NAMESPACE);
	xml_attr(x, "event", event);
	xml_attr(x, "at", time_text(when, at));
	xml_attr(x, "desk", desk->id);
}

static void
leaf(struct xmlout *x, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		xml_leaf(x, name, value);
}

void
receipt_fault_xml(struct xmlout *x, const struct fault *f)
{
	const struct fault_kind *kind = fault_kind(f->code);

	xml_open(x, "fault");
	xml_attr_num(x, "code", (long)f->code);
	if (kind != NULL)
		xml_attr(x, "name", kind->name);
	if (f->line > 0)
		xml_attr_num(x, "line", f->line);
	if (f->field != NULL)
		xml_attr(x, "field", f->field);
	leaf(x, "text", fault_text(f));
	leaf(x, "remedy", fault_remedy(f));
	leaf(x, "parser", f->raw);
	xml_close(x);
}

static void
put_deciders_xml(struct xmlout *x, const struct ruling *r)
{
	size_t i;

	for (i = 0; i < r->n_deciders; i++) {
		xml_open(x, "decided");
		xml_attr(x, "by", r->deciders[i].name);
		xml_attr(x, "evidence",
		    evidence_name(r->deciders[i].evidence));
		xml_close(x);
	}
}

static void
put_key_xml(struct xmlout *x, const struct ruling *r)
{
	char file[PAPER_NAME], stem[PAPER_NAME], until[TIME_TEXT];
	int64_t seconds = 0;

	if (r->key[0] == '\0')
		return;
	key_names(r, file, stem);
	xml_open(x, "key");
	xml_attr_num(x, "revision", (long)r->key_revision);
	xml_attr(x, "sha256", r->key);
	if (r->event != EVENT_RETIRE)
		xml_attr(x, "file", file);
	if (overlap_parse(r->overlap, &seconds) == 0)
		xml_attr(x, "old-until", time_text(until, r->at + seconds));
	xml_close(x);
}

static void
put_state_xml(struct xmlout *x, const struct ruling *r)
{
	if (r->number[0] == '\0')
		return;
	xml_open(x, "state");
	xml_attr(x, "from", state_name(r->from));
	xml_attr(x, "to", state_name(r->to));
	xml_close(x);
	if (r->request == REQUEST_NONE)
		return;
	xml_open(x, "request");
	xml_attr(x, "kind", request_name(r->request));
	xml_attr(x, "from", state_name(r->request_from));
	xml_attr(x, "to", state_name(r->request_to));
	xml_close(x);
}

void
receipt_xml(const struct ruling *r, const struct receipt_desk *desk,
    struct buf *out)
{
	struct xmlout x;
	char revision[NUM_TEXT];
	size_t i;

	xml_begin(&x, out);
	receipt_open(&x, said_of(r)->name, desk, r->at);
	if (r->commit[0] != '\0')
		xml_attr(&x, "commit", r->commit);
	leaf(&x, "number", r->number);
	if (r->revision > 0)
		leaf(&x, "revision", num_text(revision, r->revision));
	leaf(&x, "form", r->form);
	leaf(&x, "client", r->client);
	leaf(&x, "name", r->label);
	leaf(&x, "file", r->file);
	leaf(&x, "sha256", r->sha256);
	leaf(&x, "expiry", r->expiry);
	put_state_xml(&x, r);
	put_deciders_xml(&x, r);
	put_key_xml(&x, r);
	leaf(&x, "note", r->note);
	for (i = 0; i < r->faults.n; i++)
		receipt_fault_xml(&x, &r->faults.list[i]);
	xml_close(&x);
}

/* Notices. */

static void
put_listed_xml(struct xmlout *x, const struct listed_answer *l)
{
	size_t i;

	xml_open(x, "entry");
	xml_attr(x, "number", l->number);
	xml_attr_num(x, "revision", (long)l->revision);
	xml_attr(x, "event", event_name(l->event));
	xml_attr(x, "outcome", l->outcome);
	leaf(x, "text", l->text);
	for (i = 0; i < l->faults.n; i++)
		receipt_fault_xml(x, &l->faults.list[i]);
	xml_close(x);
}

static void
put_listed(struct buf *out, const struct listed_answer *l)
{
	char name[NUMBER_TEXT + 16] = "";

	snprintf(name, sizeof(name), l->revision > 1 ? "%s.r%u" : "%s",
	    l->number, l->revision);
	buf_putf(out, "  %-14s  %-7s  %-7s  ", name, event_name(l->event),
	    l->outcome);
	if (l->faults.n == 0)
		buf_puts(out, l->text);
	buf_putc(out, '\n');
	if (l->faults.n > 0)
		receipt_faults(out, &l->faults);
}

void
notice_xml(const struct notice *n, const struct receipt_desk *desk,
    struct buf *out)
{
	struct fault f = { .code = n->code };
	struct xmlout x;
	size_t i;

	xml_begin(&x, out);
	receipt_open(&x, n->event, desk, n->at);
	leaf(&x, "number", n->number);
	leaf(&x, "file", n->file);
	leaf(&x, "sha256", n->sha256);
	leaf(&x, "note", n->text);
	for (i = 0; i < n->n_listed; i++)
		put_listed_xml(&x, &n->listed[i]);
	if (n->code != 0)
		receipt_fault_xml(&x, &f);
	xml_close(&x);
}

void
notice_text(const struct notice *n, const struct receipt_desk *desk,
    struct buf *out)
{
	size_t i;

	receipt_heading(out, n->file, n->event, n->at);
	receipt_wrapped(out, "", n->text);
	if (n->n_listed > 0)
		buf_putc(out, '\n');
	for (i = 0; i < n->n_listed; i++)
		put_listed(out, &n->listed[i]);
	if (n->code != 0)
		buf_putf(out, "\n  %u - %s.\n", n->code,
		    fault_kind(n->code)->sentence);
	buf_putf(out, "\n-- \n%s\n", desk->name);
}
