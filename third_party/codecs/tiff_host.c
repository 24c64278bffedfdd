// What libtiff asks of its host and of the encoders that are not built. Files are in memory; nothing is printed.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <string.h>
#include <tiffiop.h>
#include <zlib.h>

void* _TIFFmalloc(tmsize_t size) { return size == 0 ? NULL : malloc((size_t)size); }
void* _TIFFcalloc(tmsize_t count, tmsize_t size) { return count == 0 || size == 0 ? NULL : calloc((size_t)count, (size_t)size); }
void* _TIFFrealloc(void* block, tmsize_t size) { return realloc(block, (size_t)size); }
void _TIFFfree(void* block) { free(block); }
void _TIFFmemset(void* to, int value, tmsize_t size) { memset(to, value, (size_t)size); }
void _TIFFmemcpy(void* to, const void* from, tmsize_t size) { memcpy(to, from, (size_t)size); }
int _TIFFmemcmp(const void* a, const void* b, tmsize_t size) { return memcmp(a, b, (size_t)size); }

TIFFErrorHandler _TIFFwarningHandler = NULL;
TIFFErrorHandler _TIFFerrorHandler = NULL;

int deflate(z_streamp stream, int flush) { return Z_STREAM_ERROR; }
int deflateInit_(z_streamp stream, int level, const char* version, int size) { return Z_STREAM_ERROR; }
int deflateReset(z_streamp stream) { return Z_STREAM_ERROR; }
int deflateEnd(z_streamp stream) { return Z_STREAM_ERROR; }
int deflateParams(z_streamp stream, int level, int strategy) { return Z_STREAM_ERROR; }

void jpeg_CreateCompress(j_compress_ptr info, int version, size_t size) { info->err->error_exit((j_common_ptr)info); }
void jpeg_set_defaults(j_compress_ptr info) {}
void jpeg_set_colorspace(j_compress_ptr info, J_COLOR_SPACE space) {}
void jpeg_set_quality(j_compress_ptr info, int quality, boolean baseline) {}
void jpeg_suppress_tables(j_compress_ptr info, boolean suppress) {}
void jpeg_start_compress(j_compress_ptr info, boolean tables) {}
JDIMENSION jpeg_write_scanlines(j_compress_ptr info, JSAMPARRAY rows, JDIMENSION count) { return 0; }
JDIMENSION jpeg_write_raw_data(j_compress_ptr info, JSAMPIMAGE data, JDIMENSION count) { return 0; }
void jpeg_finish_compress(j_compress_ptr info) {}
void jpeg_write_tables(j_compress_ptr info) {}
