/*
 * split_fuzz: pieces lie in the window, one behind the other; what is wrong
 * may be shown; and cutting that begins anew behind any piece finds the same
 * ones as before.
 */
#include "fuzz.h"

#include "limit.h"
#include "split.h"

static void
cut(const char *p, size_t n, const struct cutting *from, bool last,
    struct verdict *v)
{
	const struct query q = { .purpose = PURPOSE_SPLIT, .data = p,
	    .len = n, .cutting = from, .last = last };
	uint64_t behind = 0;
	size_t i;

	*v = (struct verdict){ .type = 0 };
	v->cuts.then = *from;
	split_window(&q, 0, v);
	for (i = 0; i < v->cuts.n; i++) {
		must(v->cuts.list[i].at >= behind);
		behind = (uint64_t)v->cuts.list[i].at + v->cuts.list[i].len;
	}
	must(behind <= v->cuts.used && v->cuts.used <= n);
	for (i = 0; i < v->faults.n; i++)
		must(is_plain(v->faults.list[i].text));
	must(!last || v->faults.n > 0 || v->cuts.n == LIMIT_PIECES ||
	    (v->cuts.then.ended && v->cuts.used == n));
}

/* What a worker says of it is understood. */
static void
decode(struct verdict *v)
{
	struct buf out = BUF_INIT;
	struct verdict back;
	struct frame f;
	size_t at = 0;

	verdict_encode(v, &out);
	must(wire_next(&out, &at, LIMIT_VERDICT, &f) == 1);
	must(verdict_decode(&back, &f, 1) == 0);
	verdict_free(&back);
	buf_free(&out);
}

static void
try(const char *p, size_t n, bool last)
{
	const struct cutting start = { .root = "batch" };
	struct verdict all, rest;
	size_t k, i, end;

	cut(p, n, &start, last, &all);
	decode(&all);
	if (all.cuts.n > 0) {
		k = all.cuts.n / 2;
		end = all.cuts.list[k].at + all.cuts.list[k].len;
		cut(p + end, n - end, &start, last, &rest);
		must(rest.cuts.n >= all.cuts.n - k - 1);
		for (i = k + 1; i < all.cuts.n; i++)
			must(rest.cuts.list[i - k - 1].at + end ==
			    all.cuts.list[i].at &&
			    rest.cuts.list[i - k - 1].len ==
			    all.cuts.list[i].len);
		verdict_free(&rest);
	}
	verdict_free(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	char name[TAG_NAME];
	size_t len;
	bool empty;

	if (split_head(s, n, &len, name, &empty) == 0)
		must(len <= n && s[len - 1] == '>' && strlen(name) > 0);
	try(s, n, true);
	try(s, n, false);
	return 0;
}
