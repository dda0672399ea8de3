/* SPDX-License-Identifier: MIT */
/*
 * blockzip: gzip on several workers. Each block of the input becomes a gzip
 * member; a file of several members is a valid gzip file.
 *
 * It shows backpressure by a ring of blocks: the main thread reads block n into
 * place n % nr_places and hands it to the pool; when the place is needed again
 * it waits for the handle of that job and writes the result. So the order is
 * that of the input, and memory is bounded whatever its size. An error ends all
 * at once: ROTA_DISCARD drops the blocks that wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <rota.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MAX_BLOCK_KIB 65536

struct block {
	struct rota_handle *handle; /* not NULL: handed over, not written yet */
	unsigned char *in, *out;
	size_t in_bytes, out_bytes, out_room;
	z_stream deflate;
};

struct zip {
	struct rota_pool *pool;
	struct block *blocks;
	size_t nr_places, block_bytes;
	int level, in_fd;
	const char *in_name;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "blockzip: %s: %s\n", what, why);
	return -1;
}

/* The job. Its result is that of zlib. */
static void compress_block(void *arg)
{
	struct block *block = arg;
	z_stream *deflate_state = &block->deflate;

	deflate_state->next_in = block->in;
	deflate_state->avail_in = (uInt)block->in_bytes;
	deflate_state->next_out = block->out;
	deflate_state->avail_out = (uInt)block->out_room;
	rota_set_result(deflate(deflate_state, Z_FINISH));
	block->out_bytes = block->out_room - deflate_state->avail_out;
	deflateReset(deflate_state);
}

static int prepare(struct zip *zip, struct block *block)
{
	/* 15: the largest window; 16: with the header and trailer of gzip */
	if (deflateInit2(&block->deflate, zip->level, Z_DEFLATED, 15 + 16, 8,
			    Z_DEFAULT_STRATEGY) != Z_OK)
		return complain("deflate", strerror(ENOMEM));
	block->out_room = deflateBound(&block->deflate, zip->block_bytes);
	block->in = malloc(zip->block_bytes);
	block->out = malloc(block->out_room);
	if (!block->in || !block->out)
		return complain("block", strerror(ENOMEM));
	return 0;
}

/* A whole block, unless the input ends. */
static int fill(struct zip *zip, struct block *block)
{
	block->in_bytes = 0;
	while (block->in_bytes < zip->block_bytes) {
		ssize_t nr = read(zip->in_fd, block->in + block->in_bytes,
				zip->block_bytes - block->in_bytes);

		if (!nr)
			break;
		if (nr > 0)
			block->in_bytes += (size_t)nr;
		else if (errno != EINTR)
			return complain(zip->in_name, strerror(errno));
	}
	return 0;
}

/* Wait for the job of the block, and write what it made. */
static int empty(struct block *block)
{
	intptr_t result;
	int error = rota_handle_wait_until(
			block->handle, ROTA_NO_DEADLINE, &result);

	if (error)
		return complain("wait", rota_strerror(error));
	if (result != Z_STREAM_END)
		return complain("deflate", zError((int)result));
	rota_handle_unref(block->handle);
	block->handle = NULL;
	for (size_t done = 0; done < block->out_bytes;) {
		ssize_t nr = write(STDOUT_FILENO, block->out + done,
				block->out_bytes - done);

		if (nr >= 0)
			done += (size_t)nr;
		else if (errno != EINTR)
			return complain("write", strerror(errno));
	}
	return 0;
}

static int compress_all(struct zip *zip)
{
	size_t nr_read = 0, nr_written = 0;
	struct block *block;

	do {
		int error;

		block = &zip->blocks[nr_read % zip->nr_places];
		if (block->handle) {
			if (empty(block))
				return -1;
			nr_written++;
		}
		if ((!block->in && prepare(zip, block)) || fill(zip, block))
			return -1;
		if (!block->in_bytes && nr_read)
			break; /* an empty input makes one empty member */
		error = rota_submit_with(zip->pool, compress_block, block, NULL,
				&block->handle);
		if (error)
			return complain("submit", rota_strerror(error));
		nr_read++;
	} while (block->in_bytes == zip->block_bytes);
	for (; nr_written < nr_read; nr_written++)
		if (empty(&zip->blocks[nr_written % zip->nr_places]))
			return -1;
	if (close(STDOUT_FILENO))
		return complain("close", strerror(errno));
	return 0;
}

static int run(struct zip *zip, const struct rota_options *options)
{
	struct rota_stats stats = {.size = sizeof(stats)};
	int error = rota_pool_create(options, &zip->pool);

	if (error)
		return complain("pool", rota_strerror(error));
	rota_pool_stats(zip->pool, &stats);
	/* One for each worker, one more each that it finds when it is done,
	 * and two that are being read and written. */
	zip->nr_places = 2 * stats.workers + 2;
	zip->blocks = calloc(zip->nr_places, sizeof(*zip->blocks));
	error = zip->blocks ? compress_all(zip)
			    : complain("blocks", strerror(ENOMEM));
	/* After an error some jobs may wait or run: their blocks are used
	 * until this returns. */
	rota_pool_shutdown(zip->pool, ROTA_DISCARD, ROTA_NO_DEADLINE, NULL);
	rota_pool_destroy(zip->pool);
	for (size_t i = 0; zip->blocks && i < zip->nr_places; i++) {
		struct block *block = &zip->blocks[i];

		rota_handle_unref(block->handle);
		deflateEnd(&block->deflate);
		free(block->in);
		free(block->out);
	}
	free(zip->blocks);
	return error;
}

static int usage(void)
{
	fprintf(stderr, "usage: blockzip [-p WORKERS] [-b KIB] [-1 ... -9] "
			"[FILE] > FILE.gz\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct rota_options options = {.size = sizeof(options)};
	struct zip zip = {.level = 6,
			.block_bytes = 128 << 10,
			.in_fd = STDIN_FILENO,
			.in_name = "standard input"};
	int option, number;

	while ((option = getopt(argc, argv, "p:b:123456789")) != -1) {
		number = optarg ? atoi(optarg) : 0;
		if (option >= '1' && option <= '9')
			zip.level = option - '0';
		else if (option == 'p' && number > 0)
			options.workers = (unsigned)number;
		else if (option == 'b' && number > 0 && number <= MAX_BLOCK_KIB)
			zip.block_bytes = (size_t)number << 10;
		else
			return usage();
	}
	if (argc - optind > 1)
		return usage();
	if (isatty(STDOUT_FILENO)) {
		complain("standard output", "is a terminal");
		return 2;
	}
	if (optind < argc) {
		zip.in_name = argv[optind];
		zip.in_fd = open(zip.in_name, O_RDONLY | O_CLOEXEC);
		if (zip.in_fd < 0) {
			complain(zip.in_name, strerror(errno));
			return 1;
		}
	}
	signal(SIGPIPE, SIG_IGN); /* write() says it */
	return run(&zip, &options) ? 1 : 0;
}
