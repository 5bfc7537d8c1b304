/*
 * conf_test: files in the syntax of git-config: what git itself reads out of
 * them, the line of every kind of error, bytes that mean no good.
 */
#include "unit.h"

#include "conf.h"

/* Everything, as git-config --list -z prints it. */
static void
list(const struct conf *conf, struct buf *out)
{
	const struct conf_item *i;

	for (i = conf->items; i < conf->items + conf->n; i++) {
		buf_puts(out, i->section);
		if (i->sub != NULL)
			buf_putf(out, ".%s", i->sub);
		buf_putf(out, ".%s\n%s", i->key, i->value);
		buf_putc(out, '\0');
	}
}

static const char *const good[] = {
	"",
	"\n\n# nothing\n; at all\n",
	"[a]\nb = c\n",
	"[a]\nb = c",
	"[A]\nBcD = eFg\n",
	"[a \"Sub\"]\nb = c\n[a]\nd = e\n[a \"\"]\nf = g\n",
	"[a \"with \\\"quotes\\\" and \\\\\"]\nb = 1\n",
	"[a \"x]y\"]\nb = 1\n",
	"[a \"x # y ; z\"]\nb = 1\n",
	"[a.b]\nc = d\n",
	"[a-b]\nc-d = e\n",
	"[a]b = c\n",
	"[a] # comment\nb=c\n",
	"[a]\n\tb\t=\tc\t\n",
	"[a]\nb = c d  e\n",
	"[a]\nb = c # comment\n",
	"[a]\nb = c ; comment\n",
	"[a]\nb = c#comment\n",
	"[a]\nb = \"c # d ; e\"\n",
	"[a]\nb = \"  kept  \"\n",
	"[a]\nb = x\"  y  \"z  \n",
	"[a]\nb = \"\"\n",
	"[a]\nb =\n",
	"[a]\nb = \\\"quoted\\\"\n",
	"[a]\nb = one\\ntwo\\tthree\\\\four\n",
	"[a]\nb = one \\\n  two\n",
	"[a]\nb = one\\\ntwo\\\nthree\nc = d\n",
	"[a]\nb = \"one \\\n  two\"\n",
	"[a]\nb = \\\n\nc = d\n",
	"[a]\r\nb = c\r\nd = \"e f\"\r\n",
	"[a]\nb = one\nb = two\n",
	"[a]\n\n\nb = c\n[a]\nb = d\n",
	"[a]\nb = gr\xc3\xbc\xc3\x9f\n",
	"\xef\xbb\xbf[a]\nb = c\n",
	"[a]\nb = = c = d\n",
	"[a]\nb = [c]\n",
	"[review \"AK\"]\n\tquorum = 1\t# comment\n\tapart = no\n",
};

static void
test_as_git_reads_it(void **state)
{
	struct buf ours = BUF_INIT, gits = BUF_INIT;
	struct conf_error e;
	struct conf conf;
	size_t i;
	int dir = unit_open_dir("git");

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		unit_put(dir, "conf", good[i]);
		buf_clear(&gits);
		assert_int_equal(unit_shell(&gits, "git config --file "
		    "'%s/git/conf' --list -z", unit_dir()), 0);
		if (conf_parse(&conf, good[i], strlen(good[i]), &e) != 0)
			fail_msg("%s -> line %u: %s", good[i], e.line, e.text);
		buf_clear(&ours);
		list(&conf, &ours);
		conf_free(&conf);
		if (ours.len != gits.len || (ours.len > 0 &&
		    memcmp(ours.data, gits.data, ours.len) != 0))
			fail_msg("case %zu: %s-> \"%s\", by git \"%s\"", i,
			    good[i], buf_str(&ours), buf_str(&gits));
	}
	close(dir);
	buf_free(&ours);
	buf_free(&gits);
}

static void
test_items(void **state)
{
	static const char text[] = "[One]\n\n  Key\n\tother = x\\\ny\n"
	    "[two \"Sub\"] third = z\n";
	struct conf_error e;
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(&conf, text, strlen(text), &e), 0);
	assert_int_equal(conf.n, 3);
	assert_string_equal(conf.items[0].section, "one");
	assert_null(conf.items[0].sub);
	assert_string_equal(conf.items[0].key, "key");
	assert_string_equal(conf.items[0].value, "true");
	assert_int_equal(conf.items[0].line, 3);
	assert_string_equal(conf.items[1].value, "xy");
	assert_int_equal(conf.items[1].line, 4);
	assert_string_equal(conf.items[2].section, "two");
	assert_string_equal(conf.items[2].sub, "Sub");
	assert_string_equal(conf.items[2].key, "third");
	assert_int_equal(conf.items[2].line, 6);
	conf_free(&conf);
	assert_int_equal(conf.n, 0);
	conf_free(&conf);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} cases[] = {
		{ "b = c\n", 1, "before the first [section]" },
		{ "\n\nb\n", 3, "before the first [section]" },
		{ "[]\nb = c\n", 1, "needs a name" },
		{ "[ a]\nb = c\n", 1, "needs a name" },
		{ "[a\nb = c\n", 1, "closing bracket" },
		{ "[a b]\n", 1, "closing bracket" },
		{ "[a \"b]\nc = d\n", 1, "closing quote" },
		{ "[a \"b", 1, "closing quote" },
		{ "[a \"b\"\nc = d\n", 1, "closing bracket" },
		{ "[a]\n= c\n", 2, "was expected" },
		{ "[a]\nb c\n", 2, "equals sign" },
		{ "[a]\nb_c = d\n", 2, "equals sign" },
		{ "[a]\nb : c\n", 2, "equals sign" },
		{ "[a]\n\nb = \"c\nd = e\n", 3, "closing quote" },
		{ "[a]\nb = \"c", 2, "closing quote" },
		{ "[a]\nb = c\\d\n", 2, "backslash" },
		{ "[a]\nb = \\x41\n", 2, "backslash" },
		{ "[a]\nb = c\\\nd\\q\n", 3, "backslash" },
		{ "[a]\nb = \xff\n", 2, "UTF-8" },
		{ "[a]\nb = \xc3\n", 2, "UTF-8" },
		{ "[a]\nok = 1\n\n!\n", 4, "was expected" },
	};
	struct conf_error e;
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		e = (struct conf_error){ 0, "" };
		if (conf_parse(&conf, cases[i].text, strlen(cases[i].text),
		    &e) == 0)
			fail_msg("%s is taken", cases[i].text);
		if (e.line != cases[i].line ||
		    !unit_has(e.text, cases[i].says))
			fail_msg("%s -> line %u: %s", cases[i].text, e.line,
			    e.text);
		assert_int_equal(conf.n, 0);
		assert_null(conf.items);
	}
}

/* A NUL ends no name and no value early. */
static void
test_nul(void **state)
{
	static const char value[] = "[a]\nb = c\0d\n",
	    key[] = "[a]\nb\0c = d\n", section[] = "[a\0b]\nc = d\n",
	    sub[] = "[a \"b\0c\"]\nd = e\n";
	struct conf_error e;
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(&conf, value, sizeof(value) - 1, &e), -1);
	assert_int_equal(e.line, 2);
	assert_int_equal(conf_parse(&conf, key, sizeof(key) - 1, &e), -1);
	assert_int_equal(conf_parse(&conf, section, sizeof(section) - 1, &e),
	    -1);
	assert_int_equal(conf_parse(&conf, sub, sizeof(sub) - 1, &e), -1);
}

/* Whatever comes: an error with a line that is there, or items that are
 * whole. */
static void
test_anything(void **state)
{
	static const char letters[] = "[]\"\\#;= \t\r\nabZ9-._\xc3\xa9\xff";
	char text[120];
	struct conf_error e;
	struct conf conf;
	size_t n, i, k, lines;

	(void)state;
	for (k = 0; k < 50000; k++) {
		n = rnd(sizeof(text));
		memcpy(text, "[a]\n", 4);
		for (i = k % 2 == 0 ? 4 : 0, lines = 1; i < n; i++)
			text[i] = letters[rnd(sizeof(letters))];
		for (i = 0; i < n; i++)
			lines += text[i] == '\n';
		if (conf_parse(&conf, text, n, &e) == 0) {
			for (i = 0; i < conf.n; i++) {
				assert_true(*conf.items[i].section != '\0');
				assert_true(*conf.items[i].key != '\0');
				assert_non_null(conf.items[i].value);
				assert_in_range(conf.items[i].line, 1, lines);
			}
			conf_free(&conf);
		} else
			assert_in_range(e.line, 1, lines);
	}
}

static void
test_long_error(void **state)
{
	struct conf_error e;
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		buf_putc(&b, 'x');
	assert_int_equal(conf_fail(&e, 7, "it is %s", buf_str(&b)), -1);
	assert_int_equal(e.line, 7);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	buf_free(&b);
}

static void
test_bool(void **state)
{
	static const char *const yes[] = { "true", "yes", "on", "1", "TRUE",
	    "Yes", "oN" };
	static const char *const no[] = { "false", "no", "off", "0", "False",
	    "NO" };
	static const char *const neither[] = { "", "2", "t", "truee", "ye",
	    " true", "true ", "01", "y", "n" };
	bool b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(yes); i++) {
		b = false;
		assert_int_equal(conf_bool(yes[i], &b), 0);
		assert_true(b);
	}
	for (i = 0; i < COUNT(no); i++) {
		b = true;
		assert_int_equal(conf_bool(no[i], &b), 0);
		assert_false(b);
	}
	for (i = 0; i < COUNT(neither); i++) {
		b = i % 2 == 0;
		assert_int_equal(conf_bool(neither[i], &b), -1);
		assert_int_equal(b, i % 2 == 0);
	}
}

static void
test_size(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "0", true, 0 }, { "1", true, 1 }, { "1k", true, 1024 },
		{ "1K", true, 1024 }, { "2m", true, 2097152 },
		{ "3G", true, 3221225472 },
		{ "17179869183g", true, UINT64_MAX - (1u << 30) + 1 },
		{ "17179869184g", false, 0 },
		{ "9007199254740992k", true, 9007199254740992u << 10 },
		{ "99999999999999999g", false, 0 },
		{ "", false, 0 }, { "k", false, 0 }, { "1kb", false, 0 },
		{ "1 k", false, 0 }, { "-1", false, 0 }, { "1.5m", false, 0 },
		{ "1t", false, 0 }, { "0x10", false, 0 }, { " 1", false, 0 },
		{ "999999999999999999999999999", false, 0 },
	};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		value = 0;
		if ((conf_size(cases[i].text, &value) == 0) != cases[i].good ||
		    (cases[i].good && value != cases[i].value))
			fail_msg("\"%s\": %ju", cases[i].text,
			    (uintmax_t)value);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_git_reads_it),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_anything),
		cmocka_unit_test(test_long_error),
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
