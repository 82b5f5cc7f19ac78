"""For each rule one project that breaks it, at a line that is told, and one that does not.

A text stands for ``app/views.py``, a mapping for files by their paths. In what breaks the rule
the line to blame ends with ``# here``.
"""

from collections.abc import Mapping

Files = str | Mapping[str, str]

APP = "from flask import Flask\n\n\ndef create_app(name):\n    app = Flask(__name__)\n    return app\n"
APP_HERE = APP.replace("Flask(__name__)", "Flask(__name__)  # here")
API = (
    "from flask import Blueprint, Flask, jsonify\n"
    "bp = Blueprint('api', __name__, url_prefix='/api')\n"
    "@bp.get('/a')\ndef a():\n    return jsonify(a=1)\n"
    "@bp.post('/b')\ndef b():\n    return jsonify(b=1)\n"
    "def create_app(name):\n    app = Flask(__name__)\n    app.register_blueprint(bp)\n    return app\n"
)
API_HERE = API.replace("Flask(__name__)", "Flask(__name__)  # here")
VIEW = "from flask import Blueprint, request, session\nbp = Blueprint('x', __name__)\n"
MODEL = (
    "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship\n"
    "class Base(DeclarativeBase): pass\n"
)
DOCKER = (
    "FROM python:3.13.1-slim AS builder\nRUN pip install -r requirements.lock\n"
    "FROM python:3.13.1-slim\nCOPY --from=builder /venv /venv\nUSER app\n"
)
WORKFLOW = ".github/workflows/ci.yml"


def setting(line: str) -> str:
    return f"import os\nfrom datetime import timedelta\nclass ProdConfig:\n    {line}\n"


def docker(*lines: str) -> dict[str, str]:
    return {"Dockerfile": "\n".join(lines) + "\n", ".dockerignore": "*\n"}


def workflow(jobs: str) -> dict[str, str]:
    return {WORKFLOW: "on: [push]\njobs:\n" + jobs}


CHECKOUT = "uses: actions/checkout@" + "0" * 40
TESTS_JOB = f"  tests:\n    steps:\n      - {CHECKOUT}\n      - run: python -m pytest\n"

SNIPPETS: dict[str, tuple[Files, Files]] = {
    "BSS101": ("from flask import Flask\napp = Flask(__name__)  # here\n", APP),
    "BSS102": (
        APP + "app = create_app('x')  # here\n",
        {"app/__init__.py": APP, "wsgi.py": "from app import create_app\napp = create_app('x')\n"},
    ),
    "BSS103": (
        (
            "from flask import Blueprint\nloans = Blueprint('loans', __name__)  # here\nbooks = Blueprint('books', __name__, url_prefix='/b')\n"
            "def init(app):\n    app.register_blueprint(loans)\n    app.register_blueprint(books)\n"
        ),
        (
            "from flask import Blueprint\nloans = Blueprint('loans', __name__)\nbooks = Blueprint('books', __name__, url_prefix='/b')\n"
            "def init(app):\n    app.register_blueprint(loans, url_prefix='/l')\n    app.register_blueprint(books)\n"
        ),
    ),
    "BSS104": (
        VIEW
        + "from flask_caching import Cache\n@bp.get('/')\ndef a():\n    return Cache().get('x')  # here\n",
        VIEW
        + "from flask_caching import Cache\ncache = Cache()\n@bp.get('/')\ndef a():\n    return cache.get('x')\n",
    ),
    "BSS105": (
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\ndb = SQLAlchemy(app)  # here\n",
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
    ),
    "BSS106": (
        {
            "app/extensions.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
            "app/views.py": "from flask_caching import Cache\ncache = Cache()  # here\n",
        },
        {
            "app/extensions.py": "from flask_sqlalchemy import SQLAlchemy\nfrom flask_caching import Cache\ndb = SQLAlchemy()\ncache = Cache()\n"
        },
    ),
    "BSS107": (
        setting("SECRET_KEY = 'correct-horse'  # here")
        + "class Settings(BaseSettings):\n    secret_key: str = 'correct-horse'  # here\n"
        + "def init(app):\n    app.config |= {'SECRET_KEY': 'correct-horse'}  # here\n",
        setting("SECRET_KEY = os.environ['SECRET_KEY']")
        + "class Settings(BaseSettings):\n    secret_key: str\n"
        + "def init(app):\n    app.config |= {'SECRET_KEY': os.environ['SECRET_KEY']}\n",
    ),
    "BSS108": (
        setting("SECRET_KEY = os.environ.get('SECRET_KEY', 'dev')  # here")
        + "os.environ.setdefault('JWT_SECRET_KEY', 'dev')  # here\n"
        + "class Other:\n    SECRET_KEY = config('SECRET_KEY', default='changeme')  # here\n"
        + "class More:\n    SECRET_KEY = env.str('SECRET_KEY') or 'changeme'  # here\n",
        setting("SECRET_KEY = os.environ.get('SECRET_KEY')")
        + "class Other:\n    SECRET_KEY = config('SECRET_KEY') or token_hex(32)\n"
        + "class More:\n    SECRET_KEY = config('SECRET_KEY', cast=str, default='')\n",
    ),
    "BSS109": (
        docker("FROM a:1", "ENV APP=x FLASK_DEBUG=1 # here")
        | {
            "app/views.py": "import flask\n"
            + setting("DEBUG = True  # here")
            + "class Other:\n    DEBUG = os.environ.get('DEBUG', 'true').lower() in ('1', 'true')  # here\n"
        },
        docker("FROM a:1 AS dev", "ENV FLASK_DEBUG=1", "FROM a:1", "ENV FLASK_DEBUG=0")
        | {
            "app/views.py": "import flask\nimport os\nclass DevConfig:\n    DEBUG = True\n"
            "class Other:\n    DEBUG = os.environ.get('DEBUG', '1') != '1' or os.getenv('DEBUG') == '1'\n"
        },
    ),
    "BSS110": (
        APP + "create_app('x').run()  # here\n",
        APP + "if __name__ == '__main__':\n    create_app('x').run()\n",
    ),
    "BSS111": (
        "URL = 'postgresql://shop:hunter2@db.example.com/shop'  # here\n",
        "URL = f'postgresql://shop:{password}@db.example.com/shop'\n",
    ),
    "BSS112": (
        {".env": "SECRET_KEY=abc # here\n"},
        {".env": "SECRET_KEY=abc\n", ".gitignore": ".env\n"},
    ),
    "BSS113": (
        "from dotenv import load_dotenv\nload_dotenv(override=True)  # here\n",
        "from dotenv import load_dotenv\nload_dotenv()\n",
    ),
    "BSS114": (API_HERE, API + "MAX_CONTENT_LENGTH = 1\n"),
    "BSS115": (API_HERE, API + "    app.register_error_handler(404, b)\n"),
    "BSS116": (
        (
            VIEW
            + "import traceback\n@bp.app_errorhandler(Exception)\ndef failed(error):\n    return {'message': str(error)}, 500  # here\n"
            "@bp.get('/a')\ndef a():\n    try:\n        return {'b': b()}\n"
            "    except Exception:\n        return {'why': traceback.format_exc()}, 500  # here\n"
            "def any_error(error):\n    return {'message': str(error)}, 500  # here\n"
            "def init(app):\n    app.register_error_handler(Exception, any_error)\n"
        ),
        (
            VIEW
            + "@bp.app_errorhandler(ValueError)\ndef failed(error):\n    return {'message': str(error)}, 422\n"
            "@bp.get('/a')\ndef a():\n    try:\n        return {'b': b()}\n"
            "    except KeyError as error:\n        return {'why': str(error)}, 422\n"
            "def wrong(error):\n    return {'message': str(error)}, 422\n"
            "def init(app):\n    app.register_error_handler(ValueError, wrong)\n"
        ),
    ),
    "BSS201": (
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model): pass\ndef a():\n    return User.query.all()  # here\n",
        "class Search: query = 'x'\ndef a(request):\n    return Search.query, request.query\n",
    ),
    "BSS202": (
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model):\n    id = db.Column(db.Integer)  # here\n",
        MODEL + "class User(Base):\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
    ),
    "BSS203": (
        VIEW + "from app import db\n@bp.post('/')\ndef a():\n    db.session.commit()  # here\n",
        VIEW
        + "from app import db, service\ndef save():\n    db.session.commit()\n@bp.post('/')\ndef a():\n    service.save()\n",
    ),
    "BSS204": (
        MODEL + "class A(Base):\n    b: Mapped['B'] = relationship()  # here\n",
        MODEL + "class A(Base):\n    b: Mapped['B'] = relationship(back_populates='a')\n",
    ),
    "BSS205": (
        MODEL + "class A(Base):\n    b: Mapped['B'] = relationship(back_populates='a')  # here\n",
        MODEL
        + "class A(Base):\n    b: Mapped['B'] = relationship(back_populates='a', lazy='selectin')\n",
    ),
    "BSS206": (
        MODEL
        + "class A(Base):\n    b: Mapped[list['B']] = relationship(back_populates='a')  # here\n",
        MODEL
        + "class A(Base):\n    b: Mapped[list['B']] = relationship(back_populates='a', cascade='all')\n    c: Mapped['C'] = relationship(back_populates='a')\n",
    ),
    "BSS207": (
        "from app import db\ndef init(app):\n    db.create_all()  # here\n",
        {"tests/conftest.py": "from app import db\ndef a():\n    db.create_all()\n"},
    ),
    "BSS208": (
        APP_HERE + MODEL + "class A(Base): pass\n",
        {"app/__init__.py": APP + MODEL + "class A(Base): pass\n", "migrations/env.py": "\n"},
    ),
    "BSS209": (
        (
            "from flask import request\nfrom sqlalchemy import text\n"
            "def a(db, name):\n    db.execute(f\"SELECT * FROM users WHERE name = '{name}'\")  # here\n"
            "def b(query):\n    return query.order_by(text(request.args['sort']))  # here\n"
        ),
        (
            "TABLE = 'users'\ndef a(db, names):\n    marks = ','.join('?' * len(names))\n    db.execute(f'SELECT * FROM {TABLE} WHERE name IN ({marks})', names)\n"
            "def b(db):\n    for table in ('books', 'users'):\n        db.execute(f'DELETE FROM {table}')\n"
        ),
    ),
    "BSS301": (
        (
            "import jwt\nfrom jose import jwt as other\nx = jwt.decode(t, options={'verify_signature': False})  # here\n"
            "NO = {'verify_signature': False}\ny = jwt.decode(t, options=NO)  # here\nz = other.get_unverified_claims(t)  # here\n"
        ),
        "import jwt\nx = jwt.decode(t, k, algorithms=['HS256'], audience='a', issuer='i')\n",
    ),
    "BSS302": (
        (
            "import jwt\nx = jwt.decode(t, k, algorithms=['HS256', 'none'])  # here\n"
            "def a(t, k):\n    header = jwt.get_unverified_header(t)\n    return jwt.decode(t, k, algorithms=[header['alg']])  # here\n"
            "def b(t, k):\n    t = t.strip()\n    alg = jwt.get_unverified_header(t)['alg']\n    return jwt.decode(t, k, algorithms=alg)  # here\n"
        ),
        (
            "import jwt\nx = jwt.decode(t, k, ['HS256'])\n"
            "def a(t, keys):\n    key = keys[jwt.get_unverified_header(t)['kid']]\n    return jwt.decode(t, key, algorithms=['ES256'])\n"
        ),
    ),
    "BSS303": (
        "import jwt\nx = jwt.decode(t, k, algorithms=['HS256'])  # here\n",
        "import jwt\nx = jwt.decode(t, k, algorithms=['HS256'], audience='a', issuer='i')\n",
    ),
    "BSS304": (
        setting("JWT_ACCESS_TOKEN_EXPIRES = False  # here")
        + "LIFETIME = timedelta(days=30)  # here\n"
        + "app.config.update(JWT_ACCESS_TOKEN_EXPIRES=LIFETIME)\n"
        + "import jwt\ndef a(user, key, now):\n"
        + "    return jwt.encode({'sub': user, 'exp': now + timedelta(days=30)}, key)  # here\n",
        setting("JWT_ACCESS_TOKEN_EXPIRES = timedelta(minutes=15)")
        + "import jwt\ndef refresh_token(user, key, now):\n"
        + "    return jwt.encode({'sub': user, 'exp': now + timedelta(days=30)}, key)\n",
    ),
    "BSS305": (
        (
            "import hashlib\ndef a(password):\n    return hashlib.sha256(password.encode()).hexdigest()  # here\n"
            "def b(password):\n    return hashlib.new('md5', password.encode()).hexdigest()  # here\n"
        ),
        "import hashlib\ndef etag(body):\n    return hashlib.sha256(body).hexdigest() + hashlib.new('md5', body).hexdigest()\n",
    ),
    "BSS306": (
        (
            "from flask import request\ndef a(user, password):\n    return user.password == password  # here\n"
            "def b(user):\n    data = request.get_json()\n    return user.password == data['password']  # here\n"
            "def c(query):\n    return query.filter_by(password=request.form['password'])  # here\n"
        ),
        (
            "def a(form, user, password):\n    return form.password.data == form.confirm.data or user.check(password)\n"
            "def b(query, password):\n    return query.filter_by(password=digest(password))\n"
        ),
    ),
    "BSS307": (
        VIEW + "def a(key):\n    return request.headers.get('X-API-Key') == key  # here\n",
        VIEW
        + "import hmac\ndef a(key):\n    return request.headers.get('X-Kind') == key or hmac.compare_digest(request.headers['X-API-Key'], key)\n",
    ),
    "BSS308": (
        VIEW
        + "@bp.post('/login')\ndef login():  # here\n    return check(request.form['password'])\n",
        VIEW
        + "from app import limiter\n@bp.post('/login')\n@limiter.limit('5/minute')\ndef login():\n    return check(request.form['password'])\ndef init_limiter(): pass\n",
    ),
    "BSS309": (
        (
            "import logging\nimport structlog\nlogger = logging.getLogger()\nEVENTS = structlog.get_logger()\n"
            "def a(user, password):\n    logger.info('%s %s', user, password)  # here\n"
            "def b(form, token):\n    logger.warning('no', extra={'who': form['email'], 'password': form['password']})  # here\n"
            "    facts = dict(access_token=token.value)\n    EVENTS.info('in', extra=facts)  # here\n"
            "    EVENTS.info('in', refresh_token=token.value)  # here\n"
            "    logger.info('%s', form.get('password'))  # here\n"
        ),
        (
            "import logging\nimport structlog\nlogger = logging.getLogger()\nEVENTS = structlog.get_logger()\n"
            "def a(user, password):\n    logger.info('%s with %s', user, len(password))\n"
            "def b(form, token, errors):\n    logger.warning('no', extra={'who': form['email'], 'password': '***'})\n"
            "    facts = {'token': token.jti, 'api_key': fingerprint(form['api_key'])}\n    EVENTS.info('in', extra=facts)\n"
            "    EVENTS.info('in', token=token_id, secret=bool(form['secret']))\n"
            "    logger.info('%s', errors['password'])\n    prices.info('in', extra={'password': form['password']})\n"
        ),
    ),
    "BSS310": (
        VIEW + "def a():\n    return request.args.get('api_key')  # here\n",
        VIEW + "def a():\n    return request.headers.get('Authorization')\n",
    ),
    "BSS311": (
        "import random\ndef a():\n    reset_token = random.choice('abc')  # here\n    return reset_token\n",
        "import random\ndef a():\n    colour = random.choice('abc')\n    return colour\n",
    ),
    "BSS312": (
        VIEW
        + "from flask_login import login_required\n@login_required  # here\n@bp.get('/')\ndef a(): return ''\n",
        VIEW
        + "from flask_login import login_required\n@bp.get('/')\n@login_required\ndef a(): return ''\n",
    ),
    "BSS320": (
        setting("SESSION_COOKIE_SECURE = False  # here"),
        "class DevConfig:\n    SESSION_COOKIE_SECURE = False\n",
    ),
    "BSS321": (
        APP + "from flask import session\ndef a():\n    session['user'] = 1  # here\n",
        APP
        + "from flask import session\nSESSION_COOKIE_SECURE = True\ndef a():\n    session['user'] = 1\n",
    ),
    "BSS322": (
        "def a(response, t):\n    response.set_cookie('token', t)  # here\n",
        "def a(response, t):\n    response.set_cookie('theme', t)\n    response.set_cookie('token', t, secure=True, httponly=True, samesite='Lax')\n",
    ),
    "BSS323": (
        setting("WTF_CSRF_ENABLED = False  # here"),
        "class TestConfig:\n    WTF_CSRF_ENABLED = False\n",
    ),
    "BSS324": (
        VIEW + "@bp.post('/')\ndef a():\n    session['x'] = request.form['x']  # here\n",
        VIEW
        + "from flask_wtf import CSRFProtect\n@bp.post('/')\ndef a():\n    session['x'] = request.form['x']\n",
    ),
    "BSS325": (
        (
            "from flask_cors import CORS, cross_origin\ncors = CORS()\ndef init(app):\n"
            "    CORS(app, origins='*', supports_credentials=True)  # here\n"
            "    cors.init_app(app, origins=['*'], supports_credentials=True)  # here\n"
            "    CORS(app, resources={'/api/*': {'origins': '*', 'supports_credentials': True}})  # here\n"
            "@cross_origin(supports_credentials=True)  # here\ndef a(): pass\n"
        ),
        (
            "from flask_cors import CORS\ncors = CORS()\nALL = {'/api/*': {'origins': '*'}}\ndef init(app, options):\n"
            "    CORS(app, origins=['https://a.example.org'], supports_credentials=True)\n"
            "    CORS(app, resources={'/open/*': {'origins': '*'}})\n"
            "    cors.init_app(app, resources=ALL, supports_credentials=True)\n"
            "    CORS(app, supports_credentials=True, **options)\n"
        ),
    ),
    "BSS326": (
        "from flask_cors import CORS\ndef init(app):\n    CORS(app)  # here\n",
        "from flask_cors import CORS\ncors = CORS()\ndef init(app):\n    cors.init_app(app, origins=app.config['ORIGINS'])\n",
    ),
    "BSS330": (
        "import yaml\nx = yaml.load(text)  # here\ny = yaml.unsafe_load(text)  # here\n",
        "import yaml\nx = yaml.load(text, Loader=yaml.SafeLoader)\ny = yaml.safe_load(text)\n",
    ),
    "BSS331": (
        "def a(text):\n    return eval(text)  # here\n",
        "import ast\ndef a(text, model):\n    model.eval()\n    return ast.literal_eval(text)\n",
    ),
    "BSS332": (
        (
            "import os\nimport subprocess\nfrom flask import request\ndef a(name):\n    subprocess.run(f'ls {name}', shell=True)  # here\n"
            "    subprocess.getoutput('ls ' + name)  # here\n    os.system(request.args['command'])  # here\n"
        ),
        "import subprocess\ndef a(name):\n    subprocess.run(['ls', name])\n    subprocess.run('ls | wc', shell=True)\n",
    ),
    "BSS333": (
        (
            "from flask import render_template_string, request\nfrom jinja2 import Template\n"
            "def a(name):\n    return render_template_string(f'Hello {name}')  # here\n"
            "def b():\n    return Template(request.form['greeting']).render()  # here\n"
        ),
        (
            "from flask import render_template_string\nfrom jinja2 import Template\n"
            "def a(name):\n    return render_template_string('Hello {{ name }}', name=name)\n"
            "def b(name):\n    return Template('Hello {{ name }}').render(name=name)\n"
        ),
    ),
    "BSS334": (
        VIEW
        + "from flask import redirect\ndef a():\n    return redirect(request.args.get('next'))  # here\n",
        VIEW
        + "from flask import redirect, url_for\ndef a():\n    return redirect(url_for('x.a', next=request.args.get('next')))\n",
    ),
    "BSS335": (
        VIEW + "@bp.post('/')\ndef a():\n    return request.json['name']  # here\n",
        VIEW + "@bp.post('/')\ndef a():\n    return schema.load(request.json)['name']\n",
    ),
    "BSS401": (API_HERE, API + "@bp.get('/openapi.json')\ndef document(): return {}\n"),
    "BSS402": (
        API + "@bp.get('/get_users')\ndef users(): return jsonify([])  # here\n",
        API + "@bp.get('/gettysburg')\ndef users(): return jsonify([])\n",
    ),
    "BSS403": (
        VIEW + "from app import db\n@bp.get('/x')\ndef a():\n    db.session.delete(1)  # here\n",
        VIEW + "from app import db\n@bp.delete('/x')\ndef a():\n    db.session.delete(1)\n",
    ),
    "BSS404": (
        VIEW
        + "def a(q):\n    n = request.args.get('limit', 20, type=int)  # here\n    return q.limit(n)\n"
        "def b(q):\n    page, size = 1, int(request.args['per_page'])  # here\n    if size < 1: size = 1\n    return q.limit(size)\n"
        "def c(q):\n    return q.limit(request.args.get('size', type=int))  # here\n"
        "def d(db, q):\n    return db.paginate(q, max_per_page=None)  # here\n"
        "from marshmallow import Schema, fields\nfrom marshmallow.validate import Range\n"
        "MAX_PER_PAGE = 1_000_000  # here\n"
        "class Query(Schema):\n    page = fields.Integer()\n    per_page = fields.Integer(validate=Range(min=1))  # here\n"
        "class Whole(fields.Integer):\n    def __init__(self):\n        super().__init__(validate=Range(min=1))\n"
        "def size():\n    return Whole()\nclass Other(Schema):\n    page_size = size()  # here\n"
        "class Typed(BaseModel):\n    per_page: int = Field(20, ge=1)  # here\n",
        VIEW
        + "def a(q):\n    n = min(request.args.get('limit', 20, type=int), 100)\n    return q.limit(n)\n"
        "def b(q):\n    size = int(request.args['per_page'])\n    if size > 100: size = 100\n    return q.limit(size)\n"
        "def c(q):\n    return q.limit(min(request.args.get('size', type=int), 100))\n"
        "def d(db, q):\n    return db.paginate(q, max_per_page=50) or db.paginate(q)\n"
        "from marshmallow import Schema, fields\nfrom marshmallow.validate import Range\n"
        "MAX_PER_PAGE = 100\n"
        "class Query(Schema):\n    per_page = fields.Integer(validate=[Range(min=1), Range(max=MAX_PER_PAGE)])\n"
        "class More(Schema):\n    page_size = fields.Integer(validate=reasonable)\n"
        "class Whole(fields.Integer):\n    def __init__(self, most):\n        super().__init__(validate=Range(1, most))\n"
        "class Other(Schema):\n    page_size = Whole(100)\n"
        "class Page(Schema):\n    per_page = fields.Integer()\n    total = fields.Integer()\n"
        "class Typed(BaseModel):\n    per_page: int = Field(20, le=100)\n",
    ),
    "BSS405": (
        API + "@bp.get('/u')\ndef u():\n    return jsonify(User.query.all())  # here\n"
        "@bp.get('/v')\ndef v():\n    return jsonify(db.session.scalars(select(User)).all())  # here\n"
        "@bp.get('/w')\n@answers(UserSchema(many=True))  # here\ndef w():\n    return service.users()\n",
        API + "@bp.get('/u')\ndef u():\n    return jsonify(User.query.paginate())\n"
        "@bp.get('/u/<id>/v')\ndef v(id):\n    return jsonify(db.session.scalars(select(Key).where(Key.user == id)).all())\n"
        "@bp.get('/w')\n@pages(UserSchema(many=True))\ndef w():\n    return select(User)\n"
        "@bp.post('/w')\n@answers(UserSchema(many=True))\ndef x():\n    return service.add_all()\n"
        "@bp.get('/y')\n@answers(UserSchema(many=True))\ndef y():\n    return service.page_of_users()\n"
        "@bp.get('/z')\ndef z():\n    return jsonify(db.session.execute(select(func.count(User.id))).all())\n",
    ),
    "BSS501": (
        "from flask_limiter import Limiter\nlimiter = Limiter(key)  # here\n",
        "from flask_limiter import Limiter\nlimiter = Limiter(key)\nRATELIMIT_STORAGE_URI = x\n",
    ),
    "BSS502": (
        {
            "app/config.py": setting("CACHE_TYPE = 'SimpleCache'  # here"),
            "Procfile": "web: gunicorn -w 4 wsgi:app\n",
        },
        {
            "app/config.py": setting("CACHE_TYPE = 'SimpleCache'"),
            "Procfile": "web: gunicorn -w 1 wsgi:app\n",
        },
    ),
    "BSS503": (
        VIEW
        + "from app import cache\nfrom flask_login import login_required\n@bp.get('/')\n@login_required\n@cache.cached(60)  # here\ndef a(): return ''\n",
        VIEW
        + "from app import cache\nfrom flask_login import login_required\n@bp.get('/')\n@login_required\n@cache.cached(60, make_cache_key=key)\ndef a(): return ''\n@bp.get('/open')\n@cache.cached(60)\ndef b(): return ''\n",
    ),
    "BSS504": (
        VIEW
        + "from app import cache\nfrom flask_login import login_required\n@bp.get('/')\n@cache.cached(60, make_cache_key=key)  # here\n@login_required\ndef a(): return ''\n",
        VIEW
        + "from app import cache\nfrom flask_login import login_required\n@bp.get('/')\n@login_required\n@cache.cached(60, make_cache_key=key)\ndef a(): return ''\n",
    ),
    "BSS505": (
        VIEW + "def a():\n    return request.headers.get('X-Forwarded-For')  # here\n",
        VIEW + "def a():\n    return request.remote_addr\n",
    ),
    "BSS506": (
        {"app/__init__.py": APP, "nginx.conf": "server {\n  proxy_pass http://app; # here\n}\n"},
        {
            "app/__init__.py": APP + "from werkzeug.middleware.proxy_fix import ProxyFix\n",
            "nginx.conf": "server {\n  proxy_pass http://app;\n}\n",
        },
    ),
    "BSS507": (
        (
            "import requests\nimport smtplib\ndef a(url):\n    return requests.get(url)  # here\n"
            "def b(url):\n    with requests.Session() as s:\n        s.post(url)  # here\n"
            "class C:\n    def __init__(self):\n        self.http = requests.Session()\n"
            "    def ask(self, url):\n        return self.http.get(url)  # here\n"
            "def d():\n    return smtplib.SMTP('mail.example.org')  # here\n"
            "import httpx\nTIMEOUT = httpx.Timeout(None)  # here\n"
        ),
        (
            "import httpx\nimport requests\nimport smtplib\ndef a(url):\n"
            "    return requests.get(url, timeout=5) or httpx.get(url)\n"
            "def b(url, cache):\n    with requests.Session() as s, smtplib.SMTP('h', timeout=3):\n"
            "        return cache.get(url) or s.get(url, timeout=3)\n"
        ),
    ),
    "BSS508": (
        (
            "import requests\nimport ssl\nx = requests.get(u, timeout=1, verify=False)  # here\n"
            "s = requests.Session()\ns.verify = False  # here\n"
            "context = ssl._create_unverified_context()  # here\ncontext.verify_mode = ssl.CERT_NONE  # here\n"
        ),
        (
            "import requests\nimport ssl\nx = requests.get(u, timeout=1, verify='ca.pem')\n"
            "context = ssl.create_default_context()\nassert context.verify_mode != ssl.CERT_NONE\n"
        ),
    ),
    "BSS509": (
        (
            "import backoff\nimport requests\nimport tenacity\n@tenacity.retry  # here\ndef a(): pass\n"
            "@tenacity.retry(wait=wait)  # here\ndef b(): pass\n"
            "again = tenacity.Retrying(stop=tenacity.stop_never)  # here\n"
            "@backoff.on_exception(backoff.expo, OSError)  # here\ndef c(): pass\n"
            "def d(url):\n    while True:  # here\n        try:\n            return requests.get(url, timeout=1)\n"
            "        except requests.RequestException:\n            sleep(1)\n"
        ),
        (
            "import backoff\nimport requests\nimport tenacity\n@tenacity.retry(stop=tenacity.stop_after_attempt(3))\ndef a(): pass\n"
            "again = tenacity.Retrying(**options)\n"
            "@backoff.on_exception(backoff.expo, OSError, max_time=3)\ndef c(): pass\n"
            "def d(url):\n    tries = 0\n    while True:\n        try:\n            return requests.get(url, timeout=1)\n"
            "        except requests.RequestException:\n            tries += 1\n        if tries == 3:\n            raise Gone\n"
            "def e(queue):\n    while True:\n        try:\n            work(queue.get())\n"
            "        except ConnectionError:\n            log()\n"
        ),
    ),
    "BSS510": (
        {
            "app/config.py": setting("RATELIMIT_ENABLED = False  # here"),
            "app/limits.py": "from flask_limiter import Limiter\nlimiter = Limiter(key, enabled=False)  # here\n",
            "compose.yaml": "services:\n  app:\n    environment:\n      FLASK_RATELIMIT_ENABLED: 'false' # here\n",
        }
        | docker("FROM a:1", "ENV RATELIMIT_ENABLED=0 # here"),
        {
            "app/config.py": "class TestConfig:\n    RATELIMIT_ENABLED = False\n"
            "class ProdConfig:\n    RATELIMIT_ENABLED = read('RATELIMIT_ENABLED')\n",
            "tests/conftest.py": "def a(app):\n    app.config['RATELIMIT_ENABLED'] = False\n",
            "app/limits.py": "from flask_limiter import Limiter\nlimiter = Limiter(key, enabled=not testing)\n",
            "compose.yaml": "services:\n  app:\n    environment: [RATELIMIT_ENABLED=true]\n",
            "docker-compose.dev.yaml": "services:\n  app:\n    environment: [RATELIMIT_ENABLED=false]\n",
        },
    ),
    "BSS511": (
        VIEW
        + "from app import limiter, unlimited\n@bp.post('/login')\n@limiter.exempt  # here\ndef login():\n    return check()\n"
        "@bp.post('/oauth/token')\n@unlimited  # here\ndef issue():\n    return server.token()\n"
        "limiter.exempt(bp)  # here\n",
        VIEW + "from app import csrf, limiter, unlimited\nhealth = Blueprint('health', __name__)\n"
        "@bp.post('/login')\n@csrf.exempt\n@limiter.limit('5/minute')\ndef login():\n    return check()\n"
        "@bp.get('/login')\n@limiter.exempt\ndef show():\n    return form()\n"
        "@health.get('/healthz')\n@unlimited\ndef alive():\n    return {}\nlimiter.exempt(health)\n",
    ),
    "BSS512": (
        {
            "app/__init__.py": APP
            + "from werkzeug.middleware.proxy_fix import ProxyFix\ndef fix(app):\n    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=99)  # here\n",
            "app/config.py": setting("TRUSTED_PROXIES = 50  # here"),
            "compose.yaml": "services:\n  app:\n    environment:\n      - TRUSTED_PROXIES=99 # here\n",
        },
        {
            "app/__init__.py": APP
            + "from werkzeug.middleware.proxy_fix import ProxyFix\ndef fix(app):\n    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=4, x_proto=app.config['TRUSTED_PROXIES'])\n",
            "app/config.py": setting("TRUSTED_PROXIES = 2"),
            "compose.yaml": "services:\n  app:\n    environment:\n      - TRUSTED_PROXIES=1\n      - MAX_CLIENTS=99\n",
        },
    ),
    "BSS513": (
        VIEW + "from flask_login import login_required\nfrom functools import wraps\n"
        "def cached(view):\n    @wraps(view)\n    def kept(**path):\n        response = make(view(**path))\n"
        "        response.headers['Cache-Control'] = 'public, max-age=60'  # here\n        return response\n    return kept\n"
        "@bp.get('/me')\n@login_required\n@cached\ndef me(): return ''\n"
        "@bp.get('/mine')\n@login_required\ndef mine():\n    response = make('')\n    response.cache_control.public = True  # here\n    return response\n"
        "@bp.after_app_request\ndef hint(response):\n    response.headers.setdefault('Cache-Control', 'public, s-maxage=9')  # here\n    return response\n",
        VIEW + "from flask_login import current_user, login_required\nfrom functools import wraps\n"
        "def cached(view):\n    @wraps(view)\n    def kept(**path):\n        response = make(view(**path))\n"
        "        response.headers['Cache-Control'] = 'public, max-age=60'\n        return response\n    return kept\n"
        "def private(view):\n    def kept(**path):\n        return view(**path), {'Cache-Control': 'private, max-age=60'}\n    return kept\n"
        "@bp.get('/books')\n@cached\ndef books(): return ''\n"
        "@bp.get('/me')\n@login_required\n@private\ndef me(): return ''\n"
        "@bp.after_app_request\ndef hint(response):\n    if not current_user.is_authenticated:\n        response.cache_control.public = True\n    return response\n"
        "def for_static(app):\n    @app.after_request\n    def hint(response):\n        if request.path.startswith('/static/'):\n"
        "            response.headers['Cache-Control'] = 'public, max-age=99'\n        return response\n",
    ),
    "BSS520": (
        (
            "import contextlib\ndef a():\n    try:\n        b()\n    except Exception:  # here\n        pass\n"
            "    with contextlib.suppress(Exception):  # here\n        b()\n"
        ),
        (
            "import contextlib\ndef a():\n    try:\n        b()\n    except ValueError:\n        pass\n    except:\n        c()\n        raise\n"
            "    with contextlib.suppress(KeyError):\n        b()\n"
        ),
    ),
    "BSS521": (
        VIEW + "@bp.get('/')\ndef a():\n    print('hello')  # here\n",
        VIEW + "def command():\n    print('hello')\n",
    ),
    "BSS601": (APP_HERE, {"app/__init__.py": APP, "tests/test_app.py": "def test_a(): assert 1\n"}),
    "BSS602": (
        {"app/__init__.py": APP_HERE, "tests/test_app.py": "\n"},
        {"app/__init__.py": APP, "tests/test_app.py": "\n", ".gitlab-ci.yml": "\n"},
    ),
    "BSS603": (
        docker("FROM a:1", "RUN pip install -i https://example.org -U pip 'flask[async]>=3' # here")
        | {"app/__init__.py": APP, "requirements.txt": "flask>=3 # here\n"},
        docker(
            "FROM a:1",
            "RUN pip install --upgrade pip && pip install -r requirements.txt --target /app flask==3",
            "RUN pip install /src dist/app.whl && pip install --constraint pins.txt flask",
        )
        | {"app/__init__.py": APP, "requirements.txt": "flask==3.1.3\n"},
    ),
    "BSS701": (docker("FROM python:3.13.1-slim # here", "CMD x"), {"Dockerfile": DOCKER}),
    "BSS702": (
        docker("FROM python:latest # here", "USER app"),
        docker("ARG BASE=python:3.13.1-slim", "FROM ${BASE} AS one", "FROM one", "USER app"),
    ),
    "BSS703": (
        docker(
            "FROM python:3.13.1-slim # here",
            "RUN apt-get install -y gcc",
            "RUN pip install x",
            "USER app",
        )
        | {"more/Dockerfile": "FROM a:1 AS b\nFROM a:1\nRUN apt-get install -y gcc # here\n"},
        {"Dockerfile": DOCKER},
    ),
    "BSS704": (
        docker(
            "FROM a:1",
            "ENV SECRET_KEY=abc # here",
            "ENV SIGNING_KEYS=one:abc # here",
            "ENV DATABASE_URL=postgresql://app:abc@database/app # here",
        ),
        docker(
            "FROM a:1",
            "ENV SECRET_KEY_FILE=/run/secrets/key PATH=/venv/bin:$PATH",
            "ENV DATABASE_URL=postgresql://app@database/app SITE=https://example.org:8000/a@b",
        ),
    ),
    "BSS705": (
        docker("FROM a:1", "COPY . . # here", "RUN pip install -r requirements.txt"),
        docker("FROM a:1", "COPY r.txt .", "RUN pip install -r r.txt", "COPY . ."),
    ),
    "BSS706": (
        {"Dockerfile": "FROM a:1\nCOPY . . # here\n"},
        {"Dockerfile": "FROM a:1\nCOPY --from=b . .\n"},
    ),
    "BSS709": (
        docker(
            "FROM a:1 AS b",
            "RUN apt-get update && curl -sSL https://example.org/install.sh | sh # here",
            "RUN wget -qO- https://example.org/i.sh | sudo -E bash -s -- --yes # here",
            "RUN curl https://example.org/i.py | POETRY_HOME=/opt /usr/bin/python3 - # here",
            'RUN bash -c "$(curl -fsSL https://example.org/i.sh)" # here',
            "FROM a:1",
        ),
        docker(
            "FROM a:1",
            "RUN curl -sSL https://example.org/a.tar.gz | tar xz && curl https://e.org/key | gpg --dearmor",
            "RUN curl -o i.sh https://example.org/i.sh && echo 'abc  i.sh' | sha256sum -c && sh i.sh",
            "RUN curl -s https://example.org/a.json | python3 -m json.tool | perl -ne 'print' ; wget https://e.org/x.deb",
        ),
    ),
    "BSS715": (
        docker(
            "FROM a:1 AS b",
            "HEALTHCHECK CMD x",
            "FROM a:1",
            "CMD gunicorn wsgi:app # here",
        )
        | {
            "app/__init__.py": APP,
            "compose.yaml": "services:\n  app:\n    build: .\n  db:\n    image: a:1\n    healthcheck: {test: x}\n",
            "web.Dockerfile": "FROM a:1\nHEALTHCHECK NONE # here\nCMD gunicorn wsgi:app\n",
        },
        docker("FROM a:1 AS b", "HEALTHCHECK CMD x", "FROM b", 'CMD ["gunicorn", "wsgi:app"]')
        | {"app/__init__.py": APP, "worker.Dockerfile": "FROM a:1\nCMD celery worker\n"},
    ),
    "BSS716": (
        {
            "deploy/gunicorn.conf.py": "timeout = 30\nreload = True  # here\n",
            "Procfile": "web: gunicorn --reload wsgi:app # here\n",
        },
        {
            "deploy/gunicorn.conf.py": "import os\nreload = os.environ.get('RELOAD') == '1'\nreload_engine = 'auto'\n",
            "deploy/gunicorn.dev.conf.py": "reload = True\n",
            "Procfile": "web: gunicorn wsgi:app\nworker: watch --reload\n",
        },
    ),
    "BSS717": (
        {
            "compose.yaml": "x-all: &all\n  privileged: true # here\nservices:\n  app:\n    <<: *all\n    pid: host # here\n"
            "    cap_add:\n      - SYS_ADMIN # here\n    volumes:\n      - /var/run/docker.sock:/s # here\n"
        },
        {
            "compose.yaml": "x-all: &all\n  privileged: true\nservices:\n  app:\n    <<: *all\n    privileged: false\n"
            "    cap_add: [NET_BIND_SERVICE]\n    volumes: ['data:/var/run/data']\n"
        },
    ),
    "BSS718": (
        {
            "compose.yaml": "services:\n  db:\n    image: docker.io/library/postgres:17.2\n    ports:\n      - '5432:5432' # here\n"
            "  cache:\n    image: redis:7.4\n    ports:\n      - '0.0.0.0:${PORT:-6379}:6379' # here\n"
            "  own:\n    build: db\n    ports:\n      - target: 3306 # here\n        published: 3306\n"
        },
        {
            "compose.yaml": "services:\n  db:\n    image: postgres:17.2\n    ports: ['127.0.0.1:5432:5432', '[::1]:5432:5432']\n"
            "  cache:\n    image: redis:7.4\n    expose: [6379]\n    ports: ['${BIND:-127.0.0.1}:6379:6379']\n"
            "  own:\n    build: db\n    ports: [{target: 3306, published: 3306, host_ip: 127.0.0.1}]\n"
            "  app:\n    image: postgrest/postgrest:v12.2\n    ports: ['80:8000']\n"
        },
    ),
    "BSS708": (
        docker("FROM a:1", "CMD gunicorn wsgi:app # here"),
        docker("FROM a:1", "ENTRYPOINT exec gunicorn wsgi:app", 'CMD ["gunicorn", "wsgi:app"]'),
    ),
    "BSS707": (
        docker("FROM a:1", "RUN apt-get install -y libpq5 # here"),
        docker("FROM a:1", "RUN apt-get install -y --no-install-recommends libpq5"),
    ),
    "BSS710": (
        docker(
            "FROM a:1", 'CMD ["flask", "run", "--host", "0.0.0.0"] # here'.replace(" # here", "")
        )
        | {"Procfile": "web: flask run # here\n", "Dockerfile": "FROM a:1\n"},
        {"Procfile": "web: gunicorn wsgi:app\n"},
    ),
    "BSS711": (
        {"Procfile": "web: gunicorn --timeout 0 wsgi:app # here\n"},
        {"Procfile": "web: gunicorn --timeout 30 wsgi:app\n"},
    ),
    "BSS712": (
        {
            "app/__init__.py": APP_HERE,
            "app/checks.py": "PROBES = ('/healthz', '/readiness')\ndef a(client):\n    return client.get('/healthz')\n",
        },
        {
            "app/__init__.py": APP + "    app.add_url_rule('/healthz', view_func=a)\n",
            "Procfile": "web: gunicorn wsgi:app\n",
        },
    ),
    "BSS713": (
        {"compose.yaml": "services:\n  web:\n    environment:\n      SECRET_KEY: abc # here\n"},
        {"compose.yaml": "services:\n  web:\n    environment:\n      SECRET_KEY: ${SECRET_KEY}\n"},
    ),
    "BSS714": (
        {"compose.yaml": "services:\n  db:\n    image: postgres # here\n"},
        {"compose.yaml": "services:\n  db:\n    image: postgres:17.2\n"},
    ),
    "BSS720": (
        workflow(TESTS_JOB + "  deploy:\n    runs-on: x # here\n    steps:\n      - run: ./up\n"),
        workflow(
            TESTS_JOB
            + "  build:\n    needs: tests\n  deploy:\n    needs: [build]\n    steps:\n      - run: ./up\n"
        ),
    ),
    "BSS721": (
        workflow(
            "  tests:\n    steps:\n      - run: pytest || true # here\n"
            "      - run: mypy app || true # here\n"
            "      - run: trivy image --exit-code 0 app # here\n"
            "      - run: ruff check . # here\n        continue-on-error: true\n"
        ),
        workflow(TESTS_JOB + "      - run: ruff --version\n      - run: rm -r out || true\n"),
    ),
    "BSS722": (
        workflow("  a:\n    steps:\n      - uses: actions/checkout@main # here\n"),
        workflow(TESTS_JOB),
    ),
}
