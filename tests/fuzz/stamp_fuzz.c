/*
 * stamp_fuzz: the stamp in the bytes of a form.  One that is understood is
 * whole; one that is put in is found, takes the old one's place, leaves all
 * other bytes as they were, and put in again changes nothing.
 */
#include "fuzz.h"

#include "form.h"
#include "hash.h"

#define DIGEST "00112233445566778899aabbccddeeff" \
	"00112233445566778899aabbccddeeff"

static char from_text[] = "acme/a \"b\" & <c>.xml";

static const struct stamp ours = {
	.desk = "office",
	.number = "AK-000012",
	.revision = 2,
	.received = "2026-11-22T10:00:00Z",
	.from = from_text,
	.sha256 = DIGEST,
};

static bool
is_ours(const struct stamp *s)
{
	return strcmp(s->desk, ours.desk) == 0 &&
	    strcmp(s->number, ours.number) == 0 &&
	    s->revision == ours.revision &&
	    strcmp(s->received, ours.received) == 0 &&
	    strcmp(s->from, ours.from) == 0 &&
	    strcmp(s->sha256, ours.sha256) == 0;
}

static void
check_put(const char *p, size_t n, size_t at, size_t len)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct stamp back;
	size_t at2, len2, tail = n - at - len;

	stamp_put(&once, p, n, &ours);
	must(stamp_find(once.data, once.len, &back, &at2, &len2) == 1);
	must(is_ours(&back));
	stamp_free(&back);
	must(at2 >= at && memcmp(once.data, p, at) == 0);
	must(once.len >= at2 + len2 + tail);
	must(memcmp(once.data + once.len - tail, p + at + len, tail) == 0);
	/* a line end, where there was no stamp, is all that may come along */
	must(once.len == n - len + len2 + (len == 0));
	stamp_put(&twice, once.data, once.len, &ours);
	must(same_bytes(&once, &twice));
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	size_t at = 0, len = 0;
	struct stamp stamp;
	int found = stamp_find(s, n, &stamp, &at, &len);

	must(found >= -1 && found <= 1);
	must(at <= n && len <= n - at);
	must(found == 1 || (len == 0 && stamp.from == NULL));
	if (found == 1) {
		must(len > 0 && memcmp(s + at, "<?docket", 8) == 0);
		must(memcmp(s + at + len - 2, "?>", 2) == 0);
		must(stamp.desk[0] != '\0' && number_valid(stamp.number));
		must(stamp.revision > 0 && hash_is_sha256(stamp.sha256));
	}
	stamp_free(&stamp);
	if (found >= 0)
		check_put(s, n, at, len);
	return 0;
}
