// The package's version, written in by the build (js/build.mjs).
declare const __WEBINFER_VERSION__: string | undefined;

export const VERSION: string = typeof __WEBINFER_VERSION__ === 'undefined' ? '0.0.0' : __WEBINFER_VERSION__;

/** The version of onnxruntime-common whose API this package follows. */
export const COMMON_VERSION = '1.30.0';
