/** The configurations of installed programs, as text. */
import { describe, expect, it } from 'vitest';
import { haproxyConfig } from '../../src/hops/haproxy-config.ts';
import { readHaproxyStats } from '../../src/hops/haproxy-stats.ts';
import { nginxConfig, readNginxBuild, readNginxSettings } from '../../src/hops/nginx-config.ts';
import { proxyConfig } from './hop-config.ts';

const places = {
  host: '127.0.0.1',
  port: 8081,
  upstream: { host: '10.0.0.2', port: 9000 },
  folder: '/run/x',
};
const build = { version: '1.22.1', hasStatus: false };
const linesOf = (text: string): readonly string[] => text.split('\n').map((line) => line.trim());

describe('nginx', () => {
  it('gets every knob', () => {
    const config = proxyConfig({
      keepAliveTimeoutMs: 7_500,
      maxRequests: 10,
      upstream: {
        retry: 'reused-once',
        pool: { size: 4, idleTimeoutMs: 300, maxRequests: 9 },
        timeouts: { connectMs: 20, responseMs: 40 },
      },
    });
    const text = nginxConfig(config, places, build);
    expect(linesOf(text)).toEqual(
      expect.arrayContaining([
        'listen 127.0.0.1:8081 backlog=4096;',
        'keepalive_timeout 7500ms;',
        'keepalive_requests 10;',
        'server 10.0.0.2:9000 max_fails=0;',
        'keepalive 4;',
        'keepalive_timeout 300ms;',
        'keepalive_requests 9;',
        'proxy_http_version 1.1;',
        'proxy_set_header Connection "";',
        'proxy_next_upstream error;',
        'proxy_connect_timeout 20ms;',
        'proxy_read_timeout 40ms;',
        'proxy_send_timeout 40ms;',
      ]),
    );
    // What was written can be read back from what nginx prints.
    expect(readNginxSettings(text, '1.22.1')).toEqual({
      runtime: 'nginx/1.22.1',
      keepAliveTimeoutMs: 7_500,
      maxRequests: 10,
      upstream: { poolSize: 4, idleTimeoutMs: 300, maxRequests: 9, connectTimeoutMs: 20, responseTimeoutMs: 40 },
      text,
    });
  });

  it('writes its files into its own folder only', () => {
    const paths = nginxConfig(proxyConfig(), places, { ...build, hasStatus: true }).match(/\/\S+?(?=[ ;])/g) ?? [];
    expect(paths.filter((path) => path !== '/' && !path.startsWith('//next') && !path.startsWith('/run/x/'))).toEqual(
      [],
    );
    expect(paths).toContain('/run/x/status.sock');
  });

  it('spells out unlimited, and reads it back', () => {
    const config = proxyConfig({ keepAliveTimeoutMs: Infinity, upstream: { pool: { idleTimeoutMs: Infinity } } });
    expect(readNginxSettings(nginxConfig(config, places, build), '1')).toMatchObject({
      keepAliveTimeoutMs: Infinity,
      maxRequests: Infinity,
      upstream: { idleTimeoutMs: Infinity, maxRequests: Infinity },
    });
  });

  it.each([
    ['1.22.1', false],
    ['1.29.6', false],
    ['1.29.7', true],
    ['1.30.0', true],
    ['2.0.0', true],
  ])('keeps no connection with connection: close, and %s needs to be told: %s', (version, isTold) => {
    const config = proxyConfig({ upstream: { connection: 'close' } });
    const lines = linesOf(nginxConfig(config, places, { ...build, version }));
    expect(lines).toContain('proxy_set_header Connection close;');
    expect(lines).toContain('proxy_next_upstream off;');
    expect(lines.filter((line) => line.startsWith('keepalive '))).toEqual(isTold ? ['keepalive 0;'] : []);
  });

  it('says its version and what it was built with', () => {
    const text = 'nginx version: nginx/1.22.1\nconfigure arguments: --with-http_stub_status_module';
    expect(readNginxBuild(text)).toEqual({ version: '1.22.1', hasStatus: true });
    expect(readNginxBuild('nginx version: nginx/1.0.0')).toEqual({ version: '1.0.0', hasStatus: false });
  });
});

describe('haproxy', () => {
  const at = { ...places, statsSocket: '/run/x/stats.sock', files: 20_000 };

  it('gets every knob', () => {
    const config = proxyConfig({
      keepAliveTimeoutMs: 7_500,
      upstream: {
        retry: 'always-once',
        pool: { size: 4, maxRequests: 9 },
        timeouts: { connectMs: 20, responseMs: 40 },
      },
    });
    expect(haproxyConfig(config, at)).toBe(
      `global
  nbthread 1
  maxconn 9900
  stats socket /run/x/stats.sock mode 600 level user
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 20ms
  timeout server 40ms
  timeout client 24d
  timeout http-request 60000ms
  timeout http-keep-alive 7500ms
  retries 1
  retry-on conn-failure empty-response response-timeout
frontend clients
  bind 127.0.0.1:8081 backlog 4096
  default_backend next
backend next
  server next 10.0.0.2:9000 pool-max-conn 4 pool-purge-delay 24d max-reuse 8
`,
    );
  });

  it('opens a connection per request with connection: close', () => {
    const lines = linesOf(haproxyConfig(proxyConfig({ upstream: { connection: 'close' } }), at));
    expect(lines).toEqual(expect.arrayContaining(['option http-server-close', 'http-reuse never', 'retries 0']));
    expect(lines).toContain('server next 10.0.0.2:9000');
  });

  it.each([
    [Infinity, 'maxconn 16384'],
    [20_000, 'maxconn 9900'],
    [200, 'maxconn 1'],
  ])('takes as many clients as %d descriptors allow', (files, line) => {
    expect(linesOf(haproxyConfig(proxyConfig(), { ...at, files }))).toContain(line);
  });

  it('decides by itself where nobody knows how many it may have', () => {
    expect(haproxyConfig(proxyConfig(), { ...at, files: null })).not.toMatch(/^ *maxconn/m);
  });

  it('tells its counts, and nothing where one is missing', () => {
    const head = '# pxname,svname,scur,stot,conn_tot,req_tot';
    const lines = ['clients,FRONTEND,1,2,2,4', 'next,next,0,7,,4', 'next,BACKEND,0,4,,4', ''];
    expect(readHaproxyStats([head, ...lines].join('\n'))).toEqual({
      accepted: 2,
      open: 1,
      received: 4,
      tried: 7,
      retries: 3,
    });
    expect(readHaproxyStats([head, lines[0], lines[2], ''].join('\n'))).toBeNull();
    expect(readHaproxyStats('Permission denied\n')).toBeNull();
  });
});
