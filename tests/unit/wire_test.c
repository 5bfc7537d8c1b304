/*
 * wire_test: every message comes back as it was sent, however the stream is
 * cut; damaged ones are refused, or mean something that is within bounds;
 * texts of a form that may not be shown are made so on the way.
 */
#include "unit.h"

#include "limit.h"
#include "text.h"
#include "wire.h"

#define TYPES 5

static char *
random_text(size_t most)
{
	static const char *const parts[] = { "a", "Quota", "9", "\xc3\xa9",
	    "\xe5\xa5\xbd", "<b>", "\xf0\x9f\x98\x80", "-x-" };
	struct buf b = BUF_INIT;
	size_t n = rnd(most + 1);

	while (b.len + 4 < n)
		buf_puts(&b, parts[rnd(COUNT(parts))]);
	return b.len == 0 ? NULL : buf_take(&b);
}

static void
random_faults(struct faults *all, size_t most)
{
	const struct fault_kind *kind;
	char *field, *text;
	struct fault *f;
	uint64_t n = rnd(most + 1);

	while (n-- > 0) {
		do
			kind = fault_kind_at(rnd(40));
		while (kind == NULL);
		field = random_text(200);
		text = random_text(300);
		f = faults_add(all, kind->code, (long)rnd(1000), field, text);
		free(field);
		free(text);
		if (f == NULL)
			continue;
		f->remedy = random_text(300);
		f->raw = random_text(300);
	}
}

static void
random_list(struct verdict *v)
{
	static const enum event events[] = { EVENT_APPROVE, EVENT_RETURN,
	    EVENT_REJECT, EVENT_REVOKE };
	size_t n = rnd(20), i;
	struct listed *l;

	for (i = 0; i < n; i++) {
		l = verdict_list(v);
		number_make(l->number, "AK", i + 1);
		l->revision = 1 + (unsigned)rnd(999999);
		memset(l->sha256, "0123456789abcdef"[rnd(16)], 64);
		l->event = events[rnd(4)];
		l->note = random_text(100);
	}
}

static void
random_verdict(struct verdict *v)
{
	*v = (struct verdict){ .type = (int)rnd(TYPES + 1) - 1 };
	v->last = rnd(2) == 0;
	if (v->type < 0)
		faults_add(&v->faults, FAULT_UNKNOWN_FORM, 1, NULL, NULL);
	if (rnd(2) == 0)
		random_faults(&v->faults, LIMIT_FAULTS + 5);
	v->later = v->faults.n == 0 && rnd(2) == 0;
	v->facts.client = random_text(300);
	v->facts.label = random_text(300);
	if (rnd(2) == 0)
		strcpy(v->facts.effective, "2026-11-22");
	if (rnd(2) == 0)
		strcpy(v->facts.expiry, "2028-02-29");
	if (rnd(2) == 0)
		v->facts.fields = mem_str("a/b\tLabel\tvalue\nc\tC\t\n");
	if (rnd(2) == 0)
		v->facts.apis = mem_str("orders\nstock\n");
	if (rnd(2) == 0)
		random_list(v);
	if (rnd(2) == 0)
		strcpy(v->number, "AK-000012");
	v->reason = random_text(300);
}

static void
assert_same(const char *a, const char *b)
{
	assert_string_equal(a == NULL ? "" : a, b == NULL ? "" : b);
}

static void
assert_faults_equal(const struct faults *a, const struct faults *b)
{
	size_t i;

	assert_int_equal(a->n, b->n);
	assert_int_equal(a->more, b->more);
	for (i = 0; i < a->n; i++) {
		assert_int_equal(a->list[i].code, b->list[i].code);
		assert_int_equal(a->list[i].line, b->list[i].line);
		assert_same(a->list[i].field, b->list[i].field);
		assert_same(a->list[i].text, b->list[i].text);
		assert_same(a->list[i].remedy, b->list[i].remedy);
		assert_same(a->list[i].raw, b->list[i].raw);
	}
}

static void
assert_verdicts_equal(const struct verdict *a, const struct verdict *b)
{
	size_t i;

	assert_int_equal(a->type, b->type);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->later, b->later);
	assert_faults_equal(&a->faults, &b->faults);
	assert_same(a->facts.client, b->facts.client);
	assert_same(a->facts.label, b->facts.label);
	assert_string_equal(a->facts.effective, b->facts.effective);
	assert_string_equal(a->facts.expiry, b->facts.expiry);
	assert_same(a->facts.fields, b->facts.fields);
	assert_same(a->facts.apis, b->facts.apis);
	assert_string_equal(a->number, b->number);
	assert_same(a->reason, b->reason);
	assert_int_equal(a->n_listed, b->n_listed);
	for (i = 0; i < a->n_listed; i++) {
		assert_string_equal(a->listed[i].number, b->listed[i].number);
		assert_int_equal(a->listed[i].revision,
		    b->listed[i].revision);
		assert_string_equal(a->listed[i].sha256, b->listed[i].sha256);
		assert_int_equal(a->listed[i].event, b->listed[i].event);
		assert_same(a->listed[i].note, b->listed[i].note);
	}
}

/* The only frame of a buffer. */
static struct frame
only_frame(const struct buf *b)
{
	struct frame f;
	size_t at = 0;

	assert_int_equal(wire_next(b, &at, b->len, &f), 1);
	assert_int_equal(at, b->len);
	return f;
}

static void
test_verdicts(void **state)
{
	struct verdict v, back;
	struct buf b = BUF_INIT;
	struct frame f;
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		random_verdict(&v);
		buf_clear(&b);
		verdict_encode(&v, &b);
		assert_true(b.len <= LIMIT_VERDICT);
		f = only_frame(&b);
		assert_int_equal(f.type, WIRE_VERDICT);
		assert_int_equal(verdict_decode(&back, &f, TYPES), 0);
		assert_verdicts_equal(&v, &back);
		verdict_free(&back);
		/* a type that docket does not have */
		assert_int_equal(verdict_decode(&back, &f,
		    v.type < 0 ? 0 : (size_t)v.type), v.type < 0 ? 0 : -1);
		verdict_free(&back);
		verdict_free(&v);
	}
	buf_free(&b);
}

/* Whatever a form brings along, docket takes the verdict. */
static void
test_texts_are_made_fit(void **state)
{
	static const char *const odd[] = { "a\xe2\x80\xaex", "\x1b[31m",
	    "\xff\xfe", "a\nb\tc", "\xe2\x80\x8d", "\xf3\xa0\x80\xa0",
	    "\xc2\xad", "  a   b  " };
	struct buf b = BUF_INIT, huge = BUF_INIT;
	struct verdict v, back;
	const struct fault *at;
	struct frame f;
	size_t i;
	int k;

	(void)state;
	while (huge.len < 100000)
		buf_puts(&huge, "caf\xc3\xa9 ");
	for (i = 0; i <= COUNT(odd); i++) {
		const char *s = i < COUNT(odd) ? odd[i] : buf_str(&huge);

		v = (struct verdict){ .type = -1 };
		for (k = 0; k < 60; k++) {
			struct fault *new = faults_add(&v.faults,
			    FAULT_INVALID, -1, s, s);

			if (new == NULL)
				continue;
			new->remedy = mem_str(s);
			new->raw = mem_str(s);
		}
		buf_clear(&b);
		verdict_encode(&v, &b);
		verdict_free(&v);
		assert_true(b.len <= LIMIT_VERDICT);
		f = only_frame(&b);
		assert_int_equal(verdict_decode(&back, &f, TYPES), 0);
		assert_int_equal(back.faults.n, LIMIT_FAULTS);
		assert_int_equal(back.faults.more, 10);
		for (at = back.faults.list; at < back.faults.list +
		    back.faults.n; at++)
			assert_true(at->text == NULL ||
			    text_plain(at->text, strlen(at->text)));
		verdict_free(&back);
	}
	buf_free(&huge);
	buf_free(&b);
}

/* A good form has a type; nothing good is without one. */
static void
test_verdict_of_nothing(void **state)
{
	struct verdict v = { .type = -1 }, back;
	struct buf b = BUF_INIT;
	struct frame f;

	(void)state;
	verdict_encode(&v, &b);
	f = only_frame(&b);
	assert_int_equal(verdict_decode(&back, &f, TYPES), -1);
	buf_free(&b);
}

static void
test_types(void **state)
{
	struct form_types types = { 0 }, back;
	struct buf b = BUF_INIT;
	struct form_type *t;
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++) {
		t = types_add(&types);
		buf_clear(&b);
		buf_putf(&b, "{urn:x}form%zu", i);
		t->form = mem_str(buf_str(&b));
		t->ask = (enum ask)(i % ASK_COUNT);
		if (t->ask == ASK_NOTHING)
			strcpy(t->prefix, "AK");
		t->title = random_text(100);
		t->issues_key = i % 2 == 0;
		t->lists = i % 3 == 0 ? mem_str("clients") : NULL;
	}
	buf_clear(&b);
	types_encode(&types, &b);
	f = only_frame(&b);
	assert_int_equal(types_decode(&back, &f), 0);
	assert_int_equal(back.n, types.n);
	for (i = 0; i < types.n; i++) {
		assert_string_equal(back.list[i].form, types.list[i].form);
		assert_string_equal(back.list[i].prefix,
		    types.list[i].prefix);
		assert_same(back.list[i].title, types.list[i].title);
		assert_int_equal(back.list[i].issues_key,
		    types.list[i].issues_key);
		assert_same(back.list[i].lists, types.list[i].lists);
		assert_int_equal(back.list[i].ask, types.list[i].ask);
		assert_int_equal(types_find(&back, types.list[i].form), i);
	}
	assert_int_equal(types_find(&back, "{urn:x}form"), -1);
	types_free(&back);
	types_free(&types);
	buf_free(&b);
}

static void
test_lists(void **state)
{
	static const char *const bad[] = {
		"acme", "acme\tAcme\t\t", "\tAcme\t\t\n", "acme\tAcme\t\n",
		"acme\tAcme\t\t\t\n", "acme\t\t\t\n\n", "\n",
		"a\x01\t\t\t\n",
	};
	char name[] = "clients", lines[] = "acme\nglobex\n";
	const struct ids ids = { name, lines };
	struct buf b = BUF_INIT, entries = BUF_INIT;
	struct ids back;
	struct frame f;
	size_t i;

	(void)state;
	ids_encode(&ids, &b);
	f = only_frame(&b);
	assert_int_equal(ids_decode(&back, &f), 0);
	assert_string_equal(back.list, name);
	assert_string_equal(back.lines, lines);
	ids_free(&back);
	f.len--;
	assert_int_equal(ids_decode(&back, &f), -1);
	buf_clear(&b);
	entries_encode("acme\tAcme\t\t\nglobex\t\tage1\tx\n", 27, &b);
	f = only_frame(&b);
	assert_int_equal(entries_decode(&entries, &f), 0);
	assert_int_equal(entries_decode(&entries, &f), 0);
	assert_string_equal(buf_str(&entries), "acme\tAcme\t\t\n"
	    "globex\t\tage1\tx\nacme\tAcme\t\t\nglobex\t\tage1\tx\n");
	for (i = 0; i < COUNT(bad); i++) {
		buf_clear(&b);
		entries_encode(bad[i], strlen(bad[i]), &b);
		f = only_frame(&b);
		assert_int_equal(entries_decode(&entries, &f), -1);
	}
	assert_int_equal(entries.len, 54);
	buf_free(&entries);
	buf_free(&b);
}

static void
test_small_messages(void **state)
{
	const struct check_limits limits = { 1, 2, 3, 4, 0x500000006, 7 };
	const struct child_note child = { 63, 0x8b };
	const struct query query = { .purpose = PURPOSE_DECISION, .today = -1,
	    .later = 20000, .brief = true, .data = "<a/>", .len = 4 };
	char path[] = "a/b.xsd", data[] = "<x\0y/>";
	const struct schema_file file = { path, data, 6 };
	struct check_limits limits_back;
	struct child_note child_back;
	struct schema_file file_back;
	struct query query_back;
	struct cutting cutting;
	struct buf b = BUF_INIT;
	struct frame f;
	size_t at = 0;

	(void)state;
	limits_encode(&limits, &b);
	child_encode(WIRE_ENDED, &child, &b);
	query_encode(&query, &b);
	schema_encode(&file, &b);
	frame_encode(&(struct frame){ .type = WIRE_COMPILE }, &b);

	assert_int_equal(wire_next(&b, &at, 1000, &f), 1);
	assert_int_equal(limits_decode(&limits_back, &f), 0);
	assert_int_equal(limits_back.depth, 1);
	assert_int_equal(limits_back.attributes, 2);
	assert_int_equal(limits_back.value, 3);
	assert_int_equal(limits_back.cpu, 4);
	assert_int_equal(limits_back.memory, 0x500000006);
	assert_int_equal(limits_back.reuse, 7);
	assert_int_equal(wire_next(&b, &at, 1000, &f), 1);
	assert_int_equal(f.type, WIRE_ENDED);
	assert_int_equal(child_decode(&child_back, &f), 0);
	assert_int_equal(child_back.slot, 63);
	assert_int_equal(child_back.status, 0x8b);
	assert_int_equal(wire_next(&b, &at, 1000, &f), 1);
	assert_int_equal(query_decode(&query_back,
	    &cutting, &f), 0);
	assert_int_equal(query_back.purpose, PURPOSE_DECISION);
	assert_int_equal(query_back.today, -1);
	assert_int_equal(query_back.later, 20000);
	assert_true(query_back.brief);
	assert_int_equal(query_back.len, 4);
	assert_memory_equal(query_back.data, "<a/>", 4);
	assert_int_equal(wire_next(&b, &at, 1000, &f), 1);
	assert_int_equal(schema_decode(&file_back, &f), 0);
	assert_string_equal(file_back.path, path);
	assert_int_equal(file_back.len, 6);
	assert_memory_equal(file_back.data, data, 6);
	schema_free(&file_back);
	assert_int_equal(wire_next(&b, &at, 1000, &f), 1);
	assert_int_equal(f.type, WIRE_COMPILE);
	assert_int_equal(f.len, 0);
	assert_int_equal(wire_next(&b, &at, 1000, &f), 0);
	assert_int_equal(at, b.len);
	buf_free(&b);
}

/* A stream in pieces: a frame is there when its last byte is. */
static void
test_in_pieces(void **state)
{
	struct buf all = BUF_INIT, in = BUF_INIT;
	struct child_note c;
	struct frame f;
	size_t at, i;
	uint32_t n;

	(void)state;
	for (n = 0; n < 50; n++)
		child_encode(WIRE_KILL, &(struct child_note){ n, 0 }, &all);
	for (i = 0, at = 0, n = 0; i < all.len; i++) {
		buf_putc(&in, all.data[i]);
		if (wire_next(&in, &at, 8, &f) != 1)
			continue;
		assert_int_equal((i + 1) % (WIRE_HEADER + 8), 0);
		assert_int_equal(child_decode(&c, &f), 0);
		assert_int_equal(c.slot, n++);
	}
	assert_int_equal(n, 50);
	/* one byte more than is allowed: refused before it has come */
	at = 0;
	assert_int_equal(wire_next(&all, &at, 7, &f), -1);
	assert_int_equal(at, 0);
	buf_free(&all);
	buf_free(&in);
}

/* Bytes of a verdict changed, one at a time, and lengths of it: refused, or
 * something that can be sent again. */
static void
test_damaged(void **state)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	struct verdict v, back;
	struct frame f, cut;
	size_t i, k, step;
	char was;

	(void)state;
	for (k = 0; k < 20; k++) {
		random_verdict(&v);
		buf_clear(&b);
		verdict_encode(&v, &b);
		f = only_frame(&b);
		step = 1 + f.len / 400;
		for (i = 0; i < f.len; i += 1 + rnd(2 * step)) {
			cut = f;
			cut.len = i;
			assert_int_equal(verdict_decode(&back, &cut, TYPES),
			    -1);
			was = b.data[WIRE_HEADER + i];
			b.data[WIRE_HEADER + i] = (char)rnd(256);
			if (verdict_decode(&back, &f, TYPES) == 0) {
				buf_clear(&again);
				verdict_encode(&back, &again);
				assert_true(again.len <= LIMIT_VERDICT);
				verdict_free(&back);
			}
			b.data[WIRE_HEADER + i] = was;
		}
		buf_putc(&b, '\0');
		f.data = b.data + WIRE_HEADER;
		f.len++;
		assert_int_equal(verdict_decode(&back, &f, TYPES), -1);
		verdict_free(&v);
	}
	buf_free(&b);
	buf_free(&again);
}

/* One thing wrong in an otherwise good verdict. */
static void
test_refused(void **state)
{
	struct verdict good = { .type = 0 }, v, back;
	struct buf b = BUF_INIT, huge = BUF_INIT;
	struct frame f;
	struct listed *l, one;
	int i;

	(void)state;
	while (huge.len <= LIMIT_FIELDS_BYTES)
		buf_puts(&huge, "a\tA\tvalue\n");
	for (i = 0; i < 16; i++) {
		v = good;
		l = i < 8 ? NULL : verdict_list(&v);
		if (l != NULL) {
			strcpy(l->number, "AK-000001");
			l->revision = 1;
			memset(l->sha256, 'a', 64);
			l->event = EVENT_REVOKE;
		}
		switch (i) {
		case 0:		/* the one that is good */
			break;
		case 1:
			v.facts.client = mem_str("a\xe2\x80\xae");
			break;
		case 2:
			v.facts.label = mem_str("a\nb");
			break;
		case 3:
			strcpy(v.facts.effective, "2026-02-30");
			break;
		case 4:
			strcpy(v.facts.expiry, "never");
			break;
		case 5:
			v.facts.fields = mem_str(buf_str(&huge));
			break;
		case 6:
			v.facts.apis = mem_str("a\rb\n");
			break;
		case 7:
			v.reason = mem_str("\x07");
			break;
		case 8:
			strcpy(l->number, "AK-1");
			break;
		case 9:
			l->revision = 0;
			break;
		case 10:
			l->sha256[63] = '\0';
			break;
		case 11:
			l->event = EVENT_WITHDRAW;
			break;
		case 12:
			l->note = mem_str("a\nb");
			break;
		case 13:
			l->note = mem_str(buf_str(&huge));
			break;
		case 14:
			one = *l;
			while (v.n_listed <= LIMIT_LISTED)
				*verdict_list(&v) = one;
			break;
		case 15:	/* good too */
			break;
		}
		buf_clear(&b);
		verdict_encode(&v, &b);
		f = only_frame(&b);
		assert_int_equal(verdict_decode(&back, &f, TYPES),
		    i == 0 || i == 15 ? 0 : -1);
		if (i == 0 || i == 15)
			verdict_free(&back);
		verdict_free(&v);
	}
	buf_free(&b);
	buf_free(&huge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_texts_are_made_fit),
		cmocka_unit_test(test_verdict_of_nothing),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_small_messages),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
