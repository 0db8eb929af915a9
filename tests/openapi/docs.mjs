// /docs in a browser: every operation is there, one can be read and sent, nothing goes to another host, and the page
// lives within its Content-Security-Policy.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {chromium} from 'playwright-core';

const url = process.env.LANTING_URL;
const executablePath = process.env.LANTING_CHROMIUM
  ?? execFileSync('sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage({viewport: {width: 1280, height: 1000}});
  page.setDefaultTimeout(60_000);
  const faults = [];
  const foreign = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) foreign.push(request.url());
  });

  const document = await (await fetch(`${url}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  await page.goto(`${url}/docs`);
  await page.waitForSelector('.opblock');
  // Of a long document the viewer draws what is about to be seen, and no more: somebody reads it to its end.
  const seen = new Set();
  const wanted = operations.length + document.tags.length;
  for (let turn = 0; turn < 600 && seen.size < wanted; ++turn) {
    for (const id of await page.locator('.opblock, .opblock-tag').evaluateAll((all) => all.map((e) => e.id))) seen.add(id);
    await page.mouse.wheel(0, 300);
    await page.waitForTimeout(50);
  }
  for (const tag of document.tags) assert.ok(seen.has(`operations-tag-${tag.name}`), tag.name);
  assert.equal(seen.size, wanted, 'every operation is shown');
  await page.evaluate(() => window.scrollTo(0, 0));

  // The key, as a person enters it.
  await page.click('.auth-wrapper .authorize');
  await page.fill('.auth-container input', process.env.LANTING_KEY);
  await page.click('.auth-btn-wrapper .authorize');
  await page.click('.auth-btn-wrapper .btn-done');

  const block = page.locator('#operations-Community-CommunityService_ListCommunities');
  await block.locator('.opblock-summary').click();
  await block.locator('.opblock-description').waitFor();
  assert.match(await block.locator('.opblock-description').innerText(), /Newest last[\s\S]*communities\.read/);
  await block.locator('.try-out__btn').click();
  const answered = page.waitForResponse((response) => response.url().startsWith(`${url}/v1/communities`));
  await block.locator('.execute').click();
  const response = await answered;
  assert.equal(response.status(), 200, await response.text());
  assert.equal((await response.request().allHeaders()).authorization, `Bearer ${process.env.LANTING_KEY}`);
  await block.locator('.live-responses-table .response').waitFor();
  assert.match(await block.locator('.live-responses-table').innerText(), /communities/);

  assert.deepEqual(faults, [], 'nothing on the console');
  assert.deepEqual(foreign, [], 'no other host');
} finally {
  await browser.close();
}
console.error('shown, read and sent');
