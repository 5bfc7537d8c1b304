/*
 * split_test: batches made at random of forms whose places are known: cut in
 * windows of any size they are found where they are, each once; one that is
 * longer than the window is passed over and its end found; and cutting that
 * begins anew behind any form finds the rest.
 */
#include "unit.h"

#include "split.h"

#define FORMS 40

struct made {
	struct buf	 text;
	size_t		 at[FORMS], end[FORMS];
	size_t		 head;		/* where the first tag ends */
};

/* What holds tags that are none, or tags that belong to others. */
static void
put_inside(struct buf *out, const char *name, unsigned depth)
{
	static const char *const inside[] = {
		"<!-- </f> <f> -->", "<![CDATA[</batch></f>]]>", "text &lt; ",
		"<?pi </f> ?>", "<a b='>' c=\"/>\"/>", "<batch>x</batch>",
		"\n", "<f2/>", "<f.x></f.x>", "<f/>", "<f\n/>",
	};
	unsigned n = (unsigned)rnd(6);

	while (n-- > 0)
		buf_puts(out, inside[rnd(COUNT(inside))]);
	if (depth < 4 && rnd(2) == 0) {
		buf_putf(out, "<%s x='</f>'>", rnd(2) == 0 ? name : "g");
		/* closed by the same name */
		buf_cut(out, out->len - strlen(" x='</f>'>"));
		out->data[out->len] = '\0';
		if (out->data[out->len - 1] == 'g') {
			buf_puts(out, ">");
			put_inside(out, name, depth + 1);
			buf_puts(out, "</g >");
		} else {
			buf_puts(out, " x='>'>");
			put_inside(out, name, depth + 1);
			buf_putf(out, "</%s\n>", name);
		}
	}
}

static void
put_between(struct buf *out)
{
	static const char *const between[] = {
		"", " ", "\n\n", "<!-- <f> -->", "<?pi <f>?>", "\t",
	};
	unsigned n = (unsigned)rnd(3);

	while (n-- > 0)
		buf_puts(out, between[rnd(COUNT(between))]);
}

static void
make(struct made *m)
{
	static const char *const names[] = { "f", "x:f", "application" };
	const char *name;
	size_t i;

	*m = (struct made){ .text = BUF_INIT };
	buf_puts(&m->text, "<?xml version='1.0'?>\n<!-- <f> --><batch a='>'>");
	m->head = m->text.len;
	for (i = 0; i < FORMS; i++) {
		name = names[rnd(COUNT(names))];
		put_between(&m->text);
		m->at[i] = m->text.len;
		if (rnd(5) == 0)
			buf_puts(&m->text, "<?docket desk=\"x\"?>\n");
		if (rnd(8) == 0)
			buf_putf(&m->text, "<%s/>", name);
		else {
			buf_putf(&m->text, "<%s xmlns='urn:x'>", name);
			put_inside(&m->text, name, 0);
			buf_putf(&m->text, "</%s>", name);
		}
		m->end[i] = m->text.len;
	}
	put_between(&m->text);
	buf_puts(&m->text, "</batch>");
	put_between(&m->text);
}

/* Cuts from there on, in windows of this size, and compares with the forms
 * from the first on. */
static void
cut(const struct made *m, size_t from, size_t first, size_t size)
{
	struct cutting c = { .root = "batch" };
	size_t at = from, i = first, k, n;
	bool rest = false;

	while (at < m->text.len) {
		struct verdict v = { .type = 0 };
		struct query q;

		n = m->text.len - at < size ? m->text.len - at : size;
		q = (struct query){ .purpose = PURPOSE_SPLIT,
		    .data = m->text.data + at, .len = n, .cutting = &c,
		    .last = at + n == m->text.len };
		v.cuts.then = c;
		split_window(&q, 0, &v);
		assert_int_equal(v.faults.n, 0);
		assert_true(v.cuts.used <= n);
		for (k = 0; k < v.cuts.n; k++, i++) {
			assert_true(i < FORMS);
			if (!(rest && k == 0))
				assert_int_equal(at + v.cuts.list[k].at,
				    m->at[i]);
			assert_int_equal(at + v.cuts.list[k].at +
			    v.cuts.list[k].len, m->end[i]);
		}
		if (v.cuts.n > 0)
			rest = false;
		rest |= v.cuts.then.depth > 0;
		/* a window that a single tag does not fit into says no more */
		if (v.cuts.used == 0) {
			verdict_free(&v);
			assert_true(size < 200);
			return;
		}
		at += v.cuts.used;
		c = v.cuts.then;
		verdict_free(&v);
	}
	assert_int_equal(i, FORMS);
	assert_true(c.ended);
}

static void
test_windows(void **state)
{
	struct made m;
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++) {
		make(&m);
		cut(&m, m.head, 0, m.text.len);
		cut(&m, m.head, 0, 40 + rnd(300));
		cut(&m, m.head, 0, 200 + rnd(3000));
		buf_free(&m.text);
	}
}

static void
test_anew(void **state)
{
	struct made m;
	unsigned i, k;

	(void)state;
	for (i = 0; i < 100; i++) {
		make(&m);
		for (k = 0; k < FORMS; k++)
			cut(&m, m.end[k], k + 1, 200 + rnd(2000));
		buf_free(&m.text);
	}
}

static void
test_head(void **state)
{
	static const struct {
		const char *text, *name;
		size_t len;
	} heads[] = {
		{ "<a>", "a", 3 },
		{ "<?xml version='1.0'?><!-- <x> --> <b:a x='>' />rest", "b:a",
		  47 },
		{ "\xef\xbb\xbf<a\n>", "a", 7 },
		{ "<a x='>", NULL, 0 },
		{ "text<a>", NULL, 0 },
		{ "<!DOCTYPE a><a>", NULL, 0 },
		{ "<!-- <a>", NULL, 0 },
		{ "</a>", NULL, 0 },
		{ "< >", NULL, 0 },
		{ "<a<b>", NULL, 0 },
		{ "", NULL, 0 },
	};
	char name[TAG_NAME];
	size_t i, len;
	bool empty;

	(void)state;
	for (i = 0; i < COUNT(heads); i++) {
		if (split_head(heads[i].text, strlen(heads[i].text), &len,
		    name, &empty) != 0) {
			assert_null(heads[i].name);
			continue;
		}
		assert_non_null(heads[i].name);
		assert_string_equal(name, heads[i].name);
		assert_int_equal(len, heads[i].len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("split", tests, NULL, unit_clean);
}
