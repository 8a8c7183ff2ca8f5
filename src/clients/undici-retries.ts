/**
 * Requests through undici's RetryAgent, which sends a failed one again by itself: what it gives back is the result of the last try, and each
 * try is seen where the agent hands it to the pool behind it.
 */
import type { Dispatcher } from 'undici';
import { rawList, type UndiciCall } from './undici-call.ts';
import type { OlderHandler } from './undici-package.ts';

/** RetryAgent copies the options of a request for each further try, and this with them. */
const callOf = Symbol('call');
type OptionsOfCall = Dispatcher.DispatchOptions & { readonly [callOf]?: UndiciCall };

/** The options of a request that remember whose it is. */
export function ofCall(options: Dispatcher.DispatchOptions, call: UndiciCall): OptionsOfCall {
  return { ...options, [callOf]: call };
}

/** Takes the result of all tries. */
export function resultHandler(call: UndiciCall, isOlder: boolean): Dispatcher.DispatchHandler {
  return isOlder ? olderResult(call) : newerResult(call);
}

function olderResult(call: UndiciCall): OlderHandler {
  return {
    onConnect: () => undefined,
    onHeaders: (status) => {
      if (status >= 200) call.response(status);
      return true;
    },
    onData: () => true,
    onComplete: () => {
      call.answered();
    },
    onError: (error) => {
      call.failed(error);
    },
  };
}

function newerResult(call: UndiciCall): Dispatcher.DispatchHandler {
  return {
    onRequestStart: () => undefined,
    onResponseStart: (_controller, status) => {
      call.response(status);
    },
    onResponseData: () => undefined,
    onResponseEnd: () => {
      call.answered();
    },
    onResponseError: (_controller, error) => {
      call.failed(error);
    },
  };
}

/** The dispatcher behind a RetryAgent: tells each call of its tries. Version 6 hands on the older methods, later ones the newer. */
export function watchedTries(dispatcher: Dispatcher, major: number): Dispatcher {
  const dispatch: Dispatcher['dispatch'] = (options: OptionsOfCall, handler) => {
    const call = options[callOf];
    if (call === undefined) throw new Error('a request without its call');
    return dispatcher.dispatch(options, major < 7 ? olderTry(call, handler as OlderHandler) : newerTry(call, handler));
  };
  return Object.assign(Object.create(dispatcher) as Dispatcher, {
    dispatch,
    close: dispatcher.close.bind(dispatcher),
    destroy: dispatcher.destroy.bind(dispatcher),
  });
}

function olderTry(call: UndiciCall, handler: OlderHandler): OlderHandler {
  return {
    onConnect: (abort) => {
      handler.onConnect(abort);
      call.begins(abort);
    },
    onHeaders: (status, headers, resume, statusText) => {
      if (status >= 200) call.isAnsweredWith(headers);
      return handler.onHeaders(status, headers, resume, statusText);
    },
    onData: (chunk) => handler.onData(chunk),
    onComplete: (trailers) => {
      handler.onComplete(trailers);
    },
    onError: (error) => {
      handler.onError(error);
    },
  };
}

function newerTry(call: UndiciCall, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => {
      handler.onRequestStart?.(controller, context);
      call.begins((reason) => {
        controller.abort(reason);
      });
    },
    onResponseStart: (controller, status, headers, statusText) => {
      if (status >= 200) call.isAnsweredWith(rawList(controller.rawHeaders));
      handler.onResponseStart?.(controller, status, headers, statusText);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
