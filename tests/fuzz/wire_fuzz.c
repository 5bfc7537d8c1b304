/*
 * wire_fuzz: a stream of frames, each decoded as what it says it is.  What
 * is taken is within bounds and may be shown.  Encoded again it is the same
 * frame, byte for byte; where sentences are made clean on the way, it is from
 * then on.
 */
#include "fuzz.h"

#include "limit.h"
#include "wire.h"

#define TYPES 8

static void
check_faults(const struct faults *all)
{
	const struct fault *f;

	must(all->n <= LIMIT_FAULTS);
	for (f = all->list; f < all->list + all->n; f++) {
		must(fault_kind(f->code) != NULL);
		must(is_plain(f->field) && is_plain(f->text));
		must(is_plain(f->remedy) && is_plain(f->raw));
	}
}

static void
check_limits(const struct frame *f, struct buf *out)
{
	struct check_limits limits;

	if (limits_decode(&limits, f) == 0)
		limits_encode(&limits, out);
}

static void
check_schema(const struct frame *f, struct buf *out)
{
	struct schema_file file;

	if (schema_decode(&file, f) != 0)
		return;
	must(is_plain(file.path) && file.path[0] != '\0');
	must(file.len <= LIMIT_SCHEMA && file.data[file.len] == '\0');
	schema_encode(&file, out);
	schema_free(&file);
}

static void
check_types(const struct frame *f, struct buf *out)
{
	struct form_types types;
	size_t i;

	if (types_decode(&types, f) != 0)
		return;
	for (i = 0; i < types.n; i++) {
		must(is_plain(types.list[i].form));
		must(is_plain(types.list[i].title));
		must(types_find(&types, types.list[i].form) <= (int)i);
	}
	check_faults(&types.faults);
	types_encode(&types, out);
	types_free(&types);
}

static void
check_verdict(const struct frame *f, struct buf *out)
{
	struct verdict v;

	if (verdict_decode(&v, f, TYPES) != 0)
		return;
	must(v.type >= -1 && v.type < TYPES);
	must(v.type >= 0 || v.faults.n > 0);
	must(is_plain(v.facts.client) && is_plain(v.facts.label));
	must(is_plain(v.number));
	check_faults(&v.faults);
	verdict_encode(&v, out);
	verdict_free(&v);
}

static void
check_query(const struct frame *f, struct buf *out)
{
	struct cutting c;
	struct query q;

	if (query_decode(&q, &c, f) != 0)
		return;
	must(q.data >= f->data && q.data + q.len == f->data + f->len);
	query_encode(&q, out);
}

static void
check_ids(const struct frame *f, struct buf *out)
{
	struct ids ids;

	if (ids_decode(&ids, f) != 0)
		return;
	must(is_plain(ids.list) && ids.list[0] != '\0');
	ids_encode(&ids, out);
	ids_free(&ids);
}

/* Lines of four cells, the first of which is not empty. */
static void
check_entries(const struct frame *f, struct buf *out)
{
	struct buf lines = BUF_INIT;
	const char *p, *line;
	int tabs = 0;

	if (entries_decode(&lines, f) == 0) {
		for (p = line = buf_str(&lines); *p != '\0'; p++) {
			must(p > line || *p != '\t');
			tabs += *p == '\t';
			if (*p != '\n')
				continue;
			must(tabs == 3);
			tabs = 0;
			line = p + 1;
		}
		must(line == p);
		entries_encode(buf_str(&lines), lines.len, out);
	} else
		must(lines.len == 0);
	buf_free(&lines);
}

/* Decodes, and encodes what came of it; nothing where it is refused. */
static void
recode(const struct frame *f, struct buf *out)
{
	struct child_note c;

	switch (f->type) {
	case WIRE_LIMITS:
		check_limits(f, out);
		break;
	case WIRE_SCHEMA:
		check_schema(f, out);
		break;
	case WIRE_TYPES:
		check_types(f, out);
		break;
	case WIRE_QUERY:
		check_query(f, out);
		break;
	case WIRE_VERDICT:
		check_verdict(f, out);
		break;
	case WIRE_IDS:
		check_ids(f, out);
		break;
	case WIRE_ENTRIES:
		check_entries(f, out);
		break;
	case WIRE_FORK:
	case WIRE_KILL:
	case WIRE_ENDED:
		if (child_decode(&c, f) == 0)
			child_encode(f->type, &c, out);
		break;
	default:
		frame_encode(f, out);
	}
}

static void
check(const struct frame *f)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct frame again;
	size_t at = 0;

	recode(f, &once);
	if (once.len > 0) {
		must(wire_next(&once, &at, once.len, &again) == 1);
		must(at == once.len && again.type == f->type);
		must(f->type == WIRE_VERDICT || f->type == WIRE_TYPES ||
		    (again.len == f->len &&
		    memcmp(again.data, f->data, f->len) == 0));
		recode(&again, &twice);
		must(same_bytes(&once, &twice));
	}
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf in = BUF_INIT;
	struct frame f;
	size_t at = 0, was = 0;
	int status;

	buf_put(&in, p, n);
	while ((status = wire_next(&in, &at, LIMIT_VERDICT, &f)) == 1) {
		must(at == was + WIRE_HEADER + f.len && at <= in.len);
		check(&f);
		was = at;
	}
	must(at == was);
	must(status == 0 || in.len - at >= WIRE_HEADER);
	buf_free(&in);
	return 0;
}
