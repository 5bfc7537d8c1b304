/*
 * ruling_fuzz: a commit message.  One that is understood can be written, read
 * again as the same ruling, and then stays as it is; its receipts can be
 * written, and are well-formed.
 */
#include "fuzz.h"

#include <libxml/parser.h>

#include "limit.h"
#include "receipt.h"
#include "ruling.h"

static const struct receipt_desk desk = { "office", "The office" };

static bool
has_receipt(const struct ruling *r)
{
	return r->event < EVENT_INIT || r->event == EVENT_REFUSE;
}

static void
check_receipts(const struct ruling *r)
{
	char name[RECEIPT_NAME];
	struct buf b = BUF_INIT;
	xmlDocPtr doc;

	receipt_name(name, r);
	must(is_plain(name) && strchr(name, '/') == NULL);
	receipt_text(r, &desk, "acme", &b);
	must(utf8_valid(b.data, b.len));
	buf_clear(&b);
	receipt_xml(r, &desk, &b);
	doc = xmlReadMemory(b.data, (int)b.len, "receipt", NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_HUGE);
	must(doc != NULL);
	xmlFreeDoc(doc);
	buf_free(&b);
}

/* Reads what was written and writes it again. */
static void
recode(const struct buf *from, struct buf *to, const struct ruling *was)
{
	struct ruling r;

	must(ruling_decode(&r, from->data, from->len) == 0);
	must(r.event == was->event && r.to == was->to);
	must(strcmp(r.number, was->number) == 0);
	must(r.n_deciders == was->n_deciders && r.uid == was->uid);
	must(r.faults.n == was->faults.n);
	ruling_encode(&r, to);
	ruling_free(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf text[3] = { BUF_INIT, BUF_INIT, BUF_INIT };
	struct ruling r;
	int i;

	if (ruling_decode(&r, (const char *)p, n) == 0) {
		ruling_encode(&r, &text[0]);
		recode(&text[0], &text[1], &r);
		recode(&text[1], &text[2], &r);
		/* a fault's sentence too long is cut, and gets a full stop */
		must(n > LIMIT_SENTENCE || same_bytes(&text[1], &text[2]));
		if (has_receipt(&r))
			check_receipts(&r);
	}
	ruling_free(&r);
	for (i = 0; i < 3; i++)
		buf_free(&text[i]);
	return 0;
}
