import { describe, expect, it } from 'vitest';
import { checkTrackerUrl } from '../../../tracker/protocol/tracker-url.ts';

describe('a tracker URL', () => {
  it.each(['http://t/announce', 'https://t.example:8443/a/announce?passkey=k', 'http://[::1]:6969/announce'])(
    'a tracker URL like %s may be announced to',
    (url) => expect(checkTrackerUrl(url)).toBeUndefined(),
  );

  it.each([
    ['udp://t:80/announce', 'tracker-url-scheme'],
    ['file:///etc/passwd', 'tracker-url-scheme'],
    ['http://t/announce?INFO_HASH=x', 'tracker-url-parameters'],
    ['http://t/announce?a=b&%65vent=stopped', 'tracker-url-parameters'],
    ['http://t/ann\nounce', 'tracker-url-characters'],
    ['http://bücher.example/announce', 'tracker-url-characters'],
    ['http://', 'tracker-url-invalid'],
    ['announce', 'tracker-url-invalid'],
    [`http://t/${'a'.repeat(3000)}`, 'tracker-url-too-long'],
  ])('the invalid tracker URL %j has the code %s', (url, code) => {
    expect(checkTrackerUrl(url)?.code).toBe(code);
  });
});
