/*
 * batched: the one receipt of a batch.
 *
 * May not: know where it will be written; hold more than one form's part.
 */
#include <inttypes.h>
#include <stdio.h>

#include "buf.h"
#include "text.h"

#include "batched.h"
#include "receipting.h"

static const char *
outcome_of(const struct part *p)
{
	return p->ruling != NULL && p->ruling->event != EVENT_REFUSE ?
	    "received" : p->number != NULL ? "repeated" : "refused";
}

static void
put_number(struct xmlout *x, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	xml_attr(x, name, text);
}

void
part_xml(const struct part *p, struct buf *out)
{
	/* within the receipt */
	struct xmlout x = { .out = out, .open = { "receipt" }, .depth = 1 };
	const struct ruling *r = p->ruling;
	size_t i;

	xml_open(&x, "part");
	put_number(&x, "n", p->n);
	xml_attr_num(&x, "line", p->line);
	xml_attr(&x, "outcome", outcome_of(p));
	if (r != NULL && r->number[0] != '\0') {
		xml_attr(&x, "number", r->number);
		if (r->revision > 0)
			xml_attr_num(&x, "revision", (long)r->revision);
		xml_attr(&x, "event", event_name(r->event));
	} else if (p->number != NULL)
		xml_attr(&x, "number", p->number);
	for (i = 0; p->faults != NULL && i < p->faults->n; i++)
		receipt_fault_xml(&x, &p->faults->list[i]);
	xml_close(&x);
}

void
part_text(const struct part *p, struct buf *out)
{
	buf_putf(out, "  %" PRIu64 ", line %ld", p->n, p->line);
	if (p->ruling != NULL && p->ruling->number[0] != '\0') {
		buf_puts(out, ": ");
		ruling_subject_line(p->ruling, out);
		buf_putc(out, '\n');
	} else if (p->number != NULL)
		buf_putf(out, ": received before, as %s\n", p->number);
	else {
		buf_puts(out, ":\n");
		receipt_faults(out, p->faults);
	}
}

void
batched_xml(const struct batched *b, const struct receipt_desk *desk,
    struct buf *out)
{
	struct xmlout x;

	xml_begin(&x, out);
	receipt_open(&x, "batch", desk, b->at);
	xml_leaf(&x, "file", b->file);
	xml_leaf(&x, "sha256", b->sha256);
	xml_open(&x, "total");
	put_number(&x, "forms", b->forms);
	put_number(&x, "received", b->received);
	put_number(&x, "refused", b->refused);
	put_number(&x, "repeated", b->repeated);
	xml_close(&x);
}

void
batched_xml_end(struct buf *out)
{
	buf_puts(out, "</receipt>\n");
}

static void
put_count(struct buf *out, const char *key, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	receipt_row(out, key, text);
}

void
batched_text(const struct batched *b, const char *box, struct buf *out)
{
	struct buf text = BUF_INIT;

	receipt_heading(out, b->file, "batch", b->at);
	put_count(out, "Forms", b->forms);
	put_count(out, "Received", b->received);
	put_count(out, "Refused", b->refused);
	if (b->repeated > 0)
		put_count(out, "Repeated", b->repeated);
	buf_putc(out, '\n');
	receipt_wrapped(out, "", "Each form that was received is a case of "
	    "its own, and goes on as if it had come alone; its answers will "
	    "appear here, and its stamped form is here now.");
	if (b->refused > 0) {
		buf_putf(&text, "Forms that were refused are not given back "
		    "one by one: mend them, in a copy of the file or alone, "
		    "and drop that into inbox%s%s. A form that was received "
		    "is not taken twice while its case is open.",
		    *box == '\0' ? "" : "/", box);
		receipt_wrapped(out, "", buf_str(&text));
		buf_puts(out, "\nRefused, by their place in the file:\n\n");
	}
	buf_free(&text);
}

void
batched_text_good(const struct batched *b, struct buf *out)
{
	if (b->received + b->repeated > 0)
		buf_puts(out, b->refused > 0 ?
		    "Received, by their place in the file:\n\n" :
		    "\nReceived, by their place in the file:\n\n");
}

void
batched_text_end(const struct receipt_desk *desk, struct buf *out)
{
	buf_putf(out, "\n-- \n%s\n", desk->name);
}
