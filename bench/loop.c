/* The yardstick: the least that a server can do. One epoll loop; what a member says goes, unmasked,
 * to all in the room that the query string names; one send() a member and turn of the loop.
 *
 *     cc -O2 -o loop loop.c && ./loop 5001
 *
 * It trusts its clients, answers no pings, and stores nothing.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES 20000
#define ROOMS 20000
#define INPUT 16384
#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455: the only one that the generator sends */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct bytes { char *at; size_t size, room; };

struct member { int file, room, is_open; size_t got; char input[INPUT]; struct bytes unsent; };

struct room { int size, capacity, is_dirty; struct member **members; struct bytes news; };

static struct member *members[FILES];
static struct room rooms[ROOMS];
static int dirty[ROOMS], dirty_count, poller;

static void append(struct bytes *bytes, const void *data, size_t size)
{
	if (bytes->size + size > bytes->room) {
		bytes->room = 2 * (bytes->size + size);
		bytes->at = realloc(bytes->at, bytes->room);
	}
	memcpy(bytes->at + bytes->size, data, size);
	bytes->size += size;
}

static void watch(struct member *member, int how, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = member->file };
	epoll_ctl(poller, how, member->file, &event);
}

static void enter(struct member *member, int number)
{
	struct room *room = &rooms[number];
	if (room->size == room->capacity) {
		room->capacity = room->capacity ? 2 * room->capacity : 4;
		room->members = realloc(room->members, room->capacity * sizeof *room->members);
	}
	room->members[room->size++] = member;
	member->room = number;
	member->is_open = 1;
}

static void leave(struct member *member)
{
	struct room *room = &rooms[member->room];
	for (int i = 0; member->is_open && i < room->size; i++)
		if (room->members[i] == member) {
			room->members[i] = room->members[--room->size];
			break;
		}
	close(member->file);
	members[member->file] = NULL;
	free(member->unsent.at);
	free(member);
}

/* Send what fits; the rest waits until the socket takes more. */
static void deliver(struct member *member, const char *data, size_t size)
{
	if (member->unsent.size) {
		append(&member->unsent, data, size);
		return;
	}
	ssize_t sent = send(member->file, data, size, MSG_NOSIGNAL);
	if (sent < 0)
		sent = 0; /* full, or gone: then epoll tells */
	if ((size_t)sent < size) {
		append(&member->unsent, data + sent, size - sent);
		watch(member, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	}
}

static void deliver_rest(struct member *member)
{
	ssize_t sent = send(member->file, member->unsent.at, member->unsent.size, MSG_NOSIGNAL);
	if (sent <= 0)
		return;
	member->unsent.size -= sent;
	memmove(member->unsent.at, member->unsent.at + sent, member->unsent.size);
	if (!member->unsent.size)
		watch(member, EPOLL_CTL_MOD, EPOLLIN);
}

static void say(int number, const char *text, size_t size)
{
	struct room *room = &rooms[number];
	unsigned char head[4] = { 0x81, size };
	if (size > 125)
		head[1] = 126, head[2] = size >> 8, head[3] = size;
	append(&room->news, head, size > 125 ? 4 : 2);
	append(&room->news, text, size);
	if (!room->is_dirty)
		dirty[dirty_count++] = number;
	room->is_dirty = 1;
}

/* The size of the frame or request at the start of the input, taken; 0 if it is not all there. */
static size_t take_frame(struct member *member, unsigned char *in, size_t got)
{
	if (got < 2)
		return 0;
	size_t size = in[1] & 127, head = size == 126 ? 8 : 6;
	if (size == 126 && got >= 4)
		size = in[2] << 8 | in[3];
	if (got < head + size)
		return 0;
	for (size_t i = 0; i < size; i++)
		in[head + i] ^= in[head - 4 + i % 4];
	if ((in[0] & 15) == 1)
		say(member->room, (char *)in + head, size);
	return head + size;
}

static size_t take_request(struct member *member, char *in, size_t got)
{
	char *end = memmem(in, got, "\r\n\r\n", 4);
	if (!end)
		return 0;
	char *query = memmem(in, end - in, "?room=", 6);
	const char *answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	if (query && memmem(in, end - in, KEY, strlen(KEY))) {
		enter(member, atoi(query + 6) % ROOMS);
		answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
			"Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n";
	}
	deliver(member, answer, strlen(answer));
	return end + 4 - in;
}

static void hear(struct member *member)
{
	ssize_t size = recv(member->file, member->input + member->got, INPUT - member->got, 0);
	if (size <= 0) {
		if (size == 0 || errno != EAGAIN)
			leave(member);
		return;
	}
	member->got += size;
	size_t at = 0, taken;
	do {
		char *in = member->input + at;
		size_t left = member->got - at;
		taken = member->is_open ? take_frame(member, (unsigned char *)in, left)
			: take_request(member, in, left);
		at += taken;
	} while (taken);
	member->got -= at;
	memmove(member->input, member->input + at, member->got);
}

static void welcome(int listener)
{
	int file, on = 1;
	while ((file = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		members[file] = calloc(1, sizeof **members);
		members[file]->file = file;
		watch(members[file], EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void tell_news(void)
{
	while (dirty_count) {
		struct room *room = &rooms[dirty[--dirty_count]];
		for (int i = 0; i < room->size; i++)
			deliver(room->members[i], room->news.at, room->news.size);
		room->news.size = room->is_dirty = 0;
	}
}

static int listen_at(int port)
{
	int file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(file, (struct sockaddr *)&address, sizeof address) || listen(file, 2048)) {
		perror("listen");
		exit(1);
	}
	return file;
}

int main(int argc, char **argv)
{
	struct epoll_event events[1024], accepting = { .events = EPOLLIN };
	if (argc != 2) {
		fprintf(stderr, "loop PORT\n");
		return 2;
	}
	int listener = listen_at(atoi(argv[1]));
	poller = epoll_create1(0);
	accepting.data.fd = listener;
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &accepting);
	for (;;) {
		int count = epoll_wait(poller, events, 1024, -1);
		for (int i = 0; i < count; i++) {
			int file = events[i].data.fd;
			if (file == listener) {
				welcome(listener);
				continue;
			}
			if (events[i].events & EPOLLOUT)
				deliver_rest(members[file]);
			if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				hear(members[file]);
		}
		tell_news();
	}
}
