/* ops_file: text files, pipes and sockets as the ends of rivers, a row being a line. Where bytes
 * are not there yet, or have no room yet, the loop does other things. */
#ifndef NGI_OPS_FILE_H
#define NGI_OPS_FILE_H

#include "graph.h"
#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The lines of a file descriptor, in one column `line` of utf8, without their ends ("\n" or
 * "\r\n"); the last one need not have one. The file is not closed. Ends with NG_TOO_LARGE at a line
 * of more than `longest` bytes, with NG_BAD_INPUT at one that is no UTF-8, with NG_IO where reading
 * fails. Refused with NG_UNSUPPORTED where the loop's port has no files. */
ng_river ng_read_lines(ng_graph *graph, ng_loop *loop, int file, size_t longest);

/* Writes the text of a column and "\n" for each row, nothing for null. The file is not closed, and
 * should not block (O_NONBLOCK), or a slow reader stops the loop. Text of more than `longest` bytes
 * is a bad row, NG_TOO_LARGE. Fails with NG_CLOSED where no one reads any more (have SIGPIPE
 * ignored then), with NG_IO where writing fails. Refused with NG_MISMATCH if the column is none of
 * utf8. */
ng_river ng_write_lines(ng_river river, const char *column, ng_loop *loop, int file,
                        size_t longest);

#if defined(__cplusplus)
}
#endif

#endif
