/*
 * parcel_test: what a parcel is called in receipts and commits, and which of
 * its bytes are the form.
 */
#include "unit.h"

#include "parcel.h"
#include "text.h"

static struct parcel *
new_parcel(const char *box, const char *name)
{
	struct parcel *p = mem_alloc(sizeof(*p));

	p->box = mem_str(box);
	p->name = mem_str(name);
	return p;
}

static void
assert_source(const char *box, const char *name, const char *want)
{
	struct parcel *p = new_parcel(box, name);
	char *source = parcel_source(p);

	assert_string_equal(source, want);
	free(source);
	parcel_free(p);
}

static void
test_source(void **state)
{
	(void)state;
	assert_source("", "key.xml", "key.xml");
	assert_source("acme", "key.xml", "acme/key.xml");
	assert_source("acme", "gr\xc3\xbc\xc3\x9f dich.xml",
	    "acme/gr\xc3\xbc\xc3\x9f dich.xml");
}

/* Names that are too long, or no text, become ones that are fit to be shown
 * and leave room for ".refused.xml" and the like. */
static void
test_source_of_any_name(void **state)
{
	char name[256], *source;
	struct parcel *p;
	size_t n, i;

	(void)state;
	for (n = 1; n < 256; n++) {
		for (i = 0; i < n; i++)
			name[i] = (char)(n % 3 == 0 ? 'a' : 1 + rnd(255));
		name[n] = '\0';
		while (strchr(name, '/') != NULL)
			*strchr(name, '/') = '-';
		p = new_parcel("b", name);
		source = parcel_source(p);
		assert_memory_equal(source, "b/", 2);
		assert_true(strlen(source + 2) <= PARCEL_NAME);
		assert_true(strlen(source + 2) > 0);
		assert_true(text_plain(source, strlen(source)));
		assert_null(strchr(source + 2, '/'));
		if (n % 3 == 0 && n <= PARCEL_NAME)
			assert_string_equal(source + 2, name);
		free(source);
		parcel_free(p);
	}
}

static void
test_box_names(void **state)
{
	static const char *const good[] = { "acme", "a", "acme.example",
	    "A-1_b", "xml" };
	static const char *const bad[] = { "", ".acme", "no box", "a/b",
	    "gr\xc3\xbcn", "key.xml", "key.xml.gz", "acme.sent", "a\n" };
	char name[66];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		assert_true(parcel_box_valid(good[i]));
	for (i = 0; i < COUNT(bad); i++)
		assert_false(parcel_box_valid(bad[i]));
	memset(name, 'a', 65);
	name[65] = '\0';
	assert_false(parcel_box_valid(name));
	name[64] = '\0';
	assert_true(parcel_box_valid(name));
}

static void
test_form(void **state)
{
	struct parcel *p = new_parcel("", "key.xml.gz");

	(void)state;
	assert_int_equal(parcel_form(p)->len, 0);
	buf_puts(&p->file, "sent");
	assert_string_equal(buf_str(parcel_form(p)), "sent");
	buf_puts(&p->form, "inflated");
	assert_string_equal(buf_str(parcel_form(p)), "inflated");
	faults_add(&p->faults, FAULT_EMPTY, 0, NULL, NULL);
	p->claim = mem_str("claim");
	parcel_free(p);
	parcel_free(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_source_of_any_name),
		cmocka_unit_test(test_box_names),
		cmocka_unit_test(test_form),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
