# A Redmine whose database, files and log are in a folder of the tests' own, and an address through which they do what its REST
# interface can't: rights, workflows, fields. Needs WHOSLEFT_REDMINE. Run as a program it makes the database instead.
ENV['RAILS_ENV'] = 'production'
ENV['BUNDLE_GEMFILE'] = '/usr/share/redmine/Gemfile'
FOLDER = ENV.fetch('WHOSLEFT_REDMINE')
Dir.chdir('/usr/share/redmine') # where its migrations are looked for
require '/usr/share/redmine/config/application'
class RedmineApp::Application
  config.paths['log'] = "#{FOLDER}/production.log"
  config.paths['tmp'] = "#{FOLDER}/tmp"
  config.paths['config/database'] = "#{FOLDER}/database.yml"
  config.cache_store = :memory_store
  config.log_level = :error
  config.secret_key_base = 'a' * 64
end
Rails.application.initialize!
ActiveRecord::Base.connection.execute('PRAGMA synchronous=OFF')

module Acts
  PASSWORD = 'Kettle-0range-Drama'

  module_function

  def database
    ENV['VERBOSE'] = 'false'
    ActiveRecord::Tasks::DatabaseTasks.migrate
    ActiveRecord::Base.connection.schema_cache.clear! # of when there were no tables
    ActiveRecord::Base.descendants.each(&:reset_column_information)
    Redmine::DefaultData::Loader.load('en')
    Setting.rest_api_enabled = 1
    Setting.default_language = 'en'
    task = Tracker.create!(name: 'Task', default_status: IssueStatus.find_by_name('New'))
    WorkflowTransition.copy(Tracker.find_by_name('Bug'), nil, [task], Role.givable.to_a)
    bug = Tracker.find_by_name('Bug')
    field('Whosleft id', true, [task.id, bug.id])
    field('No filter', false, [task.id])
    field('Of bugs', true, [bug.id])
    field('Cause', true, [task.id])
    nil
  end

  def field(name, is_filter, trackers)
    IssueCustomField.create!(name: name, field_format: 'string', is_filter: is_filter, is_for_all: true, tracker_ids: trackers)
  end

  def person(login, first, last, mail, is_admin)
    user = User.new(login: login, firstname: first, lastname: last, mail: mail, admin: is_admin, language: 'en')
    user.password = user.password_confirmation = PASSWORD
    user.save!
    user.pref.update!(hide_mail: login != 'closer')
    { id: user.id, key: user.api_key }
  end

  # A project with a role of its own for our account; the others manage it
  def project(name, *permissions)
    made = Project.create!(name: name, identifier: name.downcase.tr(' ', '-'), is_public: false, trackers: Tracker.where(name: %w[Task Bug]))
    ours = Role.create!(name: "Mirror #{made.id}", permissions: permissions.map(&:to_sym), issues_visibility: 'all')
    moves = [%w[New Closed], ['New', 'In Progress'], ['In Progress', 'Closed'], ['Closed', 'In Progress'], ['Rejected', 'In Progress']]
    Tracker.where(name: %w[Task Bug]).each do |tracker|
      moves.each { |from, to| allow(ours, tracker, from, to) }
    end
    Member.create!(project: made, principal: User.find_by_login('whosleft'), roles: [ours])
    manager = Role.find_by_name('Manager')
    %w[amina closer].each { |login| Member.create!(project: made, principal: User.find_by_login(login), roles: [manager]) }
    { id: made.id, identifier: made.identifier, role: ours.id }
  end

  def allow(role, tracker, from, to)
    WorkflowTransition.create!(
      role: role, tracker: tracker, old_status: IssueStatus.find_by_name(from), new_status: IssueStatus.find_by_name(to)
    )
  end

  # Redmine then makes a bug of whatever is to be a task
  def only_bugs(role)
    found = Role.find(role)
    found.set_permission_trackers('add_issues', Tracker.where(name: 'Bug').pluck(:id))
    found.save!
    nil
  end

  def forbid_moves(role)
    WorkflowTransition.where(role_id: role).delete_all
    nil
  end

  def permit(role, *permissions)
    Role.find(role).update!(permissions: permissions.map(&:to_sym))
    nil
  end

  def leave(project)
    Member.where(project_id: project, user_id: User.find_by_login('whosleft').id).destroy_all
    nil
  end

  def set(project, key, value)
    Project.find(project).update!(key => value)
    nil
  end

  def setting(name, value)
    Setting[name] = value
    nil
  end

  def read_only(role, field)
    IssueStatus.all.each do |status|
      WorkflowPermission.create!(
        role_id: role, tracker: Tracker.find_by_name('Task'), old_status: status, field_name: field, rule: 'readonly'
      )
    end
    nil
  end

  # What people read: the text of what Redmine makes of a description or of comments
  def shown(issue_id, what)
    issue = Issue.find(issue_id)
    User.current = User.find_by_login('admin')
    controller = IssuesController.new
    controller.request = ActionDispatch::Request.new(Rack::MockRequest.env_for('http://127.0.0.1/'))
    view = controller.view_context
    texts = what == 'notes' ? issue.journals.order(:id).pluck(:notes).reject(&:blank?) : [issue.description]
    html = texts.map { |text| view.textilizable(text, object: issue) }
    { html: html, text: html.map { |one| Nokogiri::HTML5.fragment(one.gsub('<br', "\n<br")).text } }
  end

  def mentioned(issue_id)
    issue = Issue.find(issue_id)
    [issue, *issue.journals].flat_map { |one| one.send(:scan_for_mentioned_users, one.is_a?(Issue) ? one.description : one.notes) }.flatten
  end
end

if $PROGRAM_NAME == __FILE__
  Acts.database
  exit
end

map '/of-the-tests' do
  run(lambda do |env|
    what, *given = JSON.parse(env['rack.input'].read)
    status, said = begin
      [200, { answer: Acts.public_send(what, *given) }]
    rescue StandardError => error
      [500, { error: "#{error.class}: #{error.message} #{error.backtrace.first(3)}" }]
    end
    User.current = nil
    [status, { 'content-type' => 'application/json' }, [said.to_json]]
  end)
end
run Rails.application
