/**
 * Requests of undici whose response the program never reads: they go through `undici.request`, as a program's would, so that its own body,
 * with its own buffer (64 KiB, lib/api/readable.js), decides what becomes of the connection.
 */
import type { Dispatcher } from 'undici';
import { rawList, type UndiciCall } from './undici-call.ts';
import type { OlderHandler, UndiciPackage } from './undici-package.ts';

/** Sends a request; `forget` gets its response as soon as the head is there. */
export function sendAndForget(
  undici: UndiciPackage,
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  call: UndiciCall,
  forget: (response: unknown) => void,
): void {
  const dispatch: Dispatcher['dispatch'] = (own, handler) =>
    dispatcher.dispatch(own, isOlder(handler) ? watchedOlder(call, handler) : watchedNewer(call, handler));
  const { origin, path, ...rest } = options;
  undici.request(String(origin) + path, { ...rest, dispatcher: { dispatch } }).then(
    (response) => {
      // The end of the trial breaks it off: that is nobody's error.
      response.body.on('error', () => undefined);
      forget(response);
      call.leaked();
    },
    (error: unknown) => {
      call.failed(error as NodeJS.ErrnoException);
    },
  );
}

/** Up to version 6 `undici.request` has a handler with the older methods. */
function isOlder(handler: object): handler is OlderHandler {
  return 'onConnect' in handler && !('onRequestStart' in handler);
}

function watchedOlder(call: UndiciCall, handler: OlderHandler): OlderHandler {
  return {
    onConnect: (abort) => {
      call.begins(abort);
      handler.onConnect(abort);
    },
    onResponseStarted: () => {
      call.firstByte();
    },
    onHeaders: (status, headers, resume, statusText) => {
      call.head(status, headers);
      return handler.onHeaders(status, headers, resume, statusText);
    },
    onData: (chunk) => handler.onData(chunk),
    onComplete: (trailers) => {
      handler.onComplete(trailers);
      call.ended();
    },
    onError: (error) => {
      handler.onError(error);
    },
  };
}

function watchedNewer(call: UndiciCall, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => {
      call.begins((reason) => {
        controller.abort(reason);
      });
      handler.onRequestStart?.(controller, context);
    },
    onResponseStart: (controller, status, headers, statusText) => {
      call.head(status, rawList(controller.rawHeaders));
      handler.onResponseStart?.(controller, status, headers, statusText);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => {
      handler.onResponseEnd?.(controller, trailers);
      call.ended();
    },
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
