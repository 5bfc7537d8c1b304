/*
 * http: asks a gateway on this machine.
 *
 *	http get PORT PATH [KEY]	prints the status it answers
 *	http ports N			prints so many ports that are free
 *	http ask SOCKET LINE		asks HAProxy at its admin socket
 *	http until STATUS PATH KEY PORT ... [-- FROM TO]
 *					moves a file, if told to, and asks the
 *					ports until all have answered so for a
 *					while; for each, how long it took to
 *					the first time from the move on: "PORT
 *					MILLISECONDS"
 *
 * KEY is the file that the key is the first line of; "-": none is sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "exchange.h"

/* Gateways answer within this, s; and change their minds. */
#define ANSWER_S 5
#define UNTIL_S 30

/* A server that is reloaded has old and new workers for a moment, any of which
 * may answer; nginx lets the old ones go after 0.1 s. */
#define WHILE_S 0.4

#define PORTS 8

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
read_key(const char *file, char *key, size_t size)
{
	FILE *f = strcmp(file, "-") == 0 ? NULL : fopen(file, "r");

	key[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(key, (int)size, f) == NULL)
		key[0] = '\0';
	key[strcspn(key, "\n")] = '\0';
	fclose(f);
}

static int
call(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)atoi(port)) };
	struct timeval limit = { ANSWER_S, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The status; 0: no answer. */
static int
get(const char *port, const char *path, const char *key)
{
	char text[2048];
	int fd = call(port), status = 0;
	size_t n = 0;
	ssize_t k;

	if (fd < 0)
		return 0;
	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: close\r\n%s%s%s\r\n", path,
	    *key == '\0' ? "" : "X-API-Key: ", key,
	    *key == '\0' ? "" : "\r\n");
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		while (n < sizeof(text) - 1 && (k = read(fd, text + n,
		    sizeof(text) - 1 - n)) > 0)
			n += (size_t)k;
	text[n] = '\0';
	close(fd);
	return sscanf(text, "HTTP/%*d.%*d %d", &status) == 1 ? status : 0;
}

struct asked {
	const char	*port;
	double		 since;		/* it has answered so; 0: it has not */
	int		 through;
};

/* Asks each once.  How many are through. */
static int
ask_all(struct asked *a, int n, int want, const char *path, const char *key)
{
	int i, through = 0;

	for (i = 0; i < n; i++, a++) {
		if (!a->through && get(a->port, path, key) != want)
			a->since = 0;
		else if (a->since == 0)
			a->since = seconds();
		else if (seconds() - a->since > WHILE_S)
			a->through = 1;
		through += a->through;
	}
	return through;
}

static int
until(int want, const char *path, const char *file, char **args, int argc)
{
	struct asked asked[PORTS] = { { NULL, 0, 0 } };
	char key[256];
	double start;
	int n, i, through = 0;

	for (n = 0; n < argc && n < PORTS && strcmp(args[n], "--") != 0; n++)
		asked[n].port = args[n];
	read_key(file, key, sizeof(key));
	start = seconds();
	if (n < argc && (n + 3 != argc || rename(args[n + 1],
	    args[n + 2]) != 0)) {
		perror(args[argc - 1]);
		return 2;
	}
	while (through < n && seconds() - start < UNTIL_S) {
		through = ask_all(asked, n, want, path, key);
		/* the servers want some of the processor, too */
		usleep(500);
	}
	for (i = 0; i < n; i++)
		if (asked[i].through)
			printf("%s %.1f\n", asked[i].port,
			    (asked[i].since - start) * 1000);
		else
			printf("%s never\n", asked[i].port);
	return through == n ? 0 : 1;
}

/* All at once, so that they differ. */
static int
ports(int n)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while (n-- > 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		a.sin_port = 0;
		if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) != 0 ||
		    getsockname(fd, (struct sockaddr *)&a, &size) != 0)
			return 1;
		printf("%d\n", ntohs(a.sin_port));
	}
	return 0;
}

static int
ask(const char *path, const char *line)
{
	struct exchange x = EXCHANGE_INIT;
	struct buf question = BUF_INIT;
	struct pollfd p;
	int status;

	buf_putf(&question, "%s\n", line);
	if (exchange_begin(&x, path, &question, 1 << 20,
	    ANSWER_S * 1000) != 0) {
		perror(path);
		return 1;
	}
	while ((status = exchange_go_on(&x)) == 0) {
		p = exchange_poll(&x);
		poll(&p, 1, 100);
	}
	fputs(buf_str(&x.answer), stdout);
	exchange_end(&x);
	buf_free(&question);
	return status == 1 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	char key[256];
	int status;

	if ((argc == 4 || argc == 5) && strcmp(argv[1], "get") == 0) {
		read_key(argc == 5 ? argv[4] : "-", key, sizeof(key));
		status = get(argv[2], argv[3], key);
		printf("%d\n", status);
		return status == 0;
	}
	if (argc == 3 && strcmp(argv[1], "ports") == 0)
		return ports(atoi(argv[2]));
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	if (argc >= 6 && strcmp(argv[1], "until") == 0)
		return until(atoi(argv[2]), argv[3], argv[4], argv + 5,
		    argc - 5);
	fputs("usage: http get PORT PATH [KEY] | ports N | ask SOCKET LINE |\n"
	    "    until STATUS PATH KEY PORT ... [-- FROM TO]\n", stderr);
	return 2;
}
